package import DynamicJSON
import Yams

extension JSONValue {
    /// More nodes than this, counting an anchor at each use, are refused: aliases multiply.
    private static let nodeLimit = 200_000

    /// The documents of a YAML text, empty ones left out.
    ///
    /// - Throws: ``StatusError`` 400 with the parser's words.
    package static func documents(yaml: String) throws -> [JSONValue] {
        do {
            var budget = nodeLimit
            var nodes = try Yams.compose_all(yaml: yaml)
            var values: [JSONValue] = []
            // Not a `for` loop, whose copy would keep the error that a broken text ends with.
            while let node = nodes.next() {
                let value = try convert(node, depth: 0, budget: &budget)
                if !value.isNull { values.append(value) }
            }
            if let error = nodes.error { throw error }
            return values
        } catch let error as StatusError {
            throw error
        } catch {
            throw StatusError(400, "BadRequest", "yaml: \(error)")
        }
    }

    private static func convert(_ node: Node, depth: Int, budget: inout Int) throws -> JSONValue {
        budget -= 1
        guard budget > 0, depth < 100 else {
            throw StatusError(400, "BadRequest", "yaml: document too large or too deep")
        }
        switch node {
        case .mapping(let mapping):
            var members: [String: JSONValue] = [:]
            for (key, value) in mapping {
                members[key.scalar?.string ?? ""] = try convert(value, depth: depth + 1, budget: &budget)
            }
            return .object(members)
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            for element in sequence { elements.append(try convert(element, depth: depth + 1, budget: &budget)) }
            return .array(elements)
        case .scalar(let scalar): return convert(scalar)
        case .alias: throw StatusError(400, "BadRequest", "yaml: unresolved alias")
        }
    }

    private static func convert(_ scalar: Node.Scalar) -> JSONValue {
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        switch scalar.string {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case let text:
            guard let first = text.utf8.first, first == 0x2D || first == 0x2B || (0x30...0x39).contains(first) else {
                return .string(text)
            }
            if let value = Int64(text) { return .int(value) }
            let isDecimal = text.utf8.allSatisfy { (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }
            if isDecimal, let value = Double(text), value.isFinite { return .double(value) }
            return .string(text)
        }
    }
}
