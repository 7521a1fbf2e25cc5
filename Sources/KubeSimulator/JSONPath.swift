import DynamicJSON

/// The part of JSONPath that printer columns use: members, indices, `[*]` and `[?(@.type=="Ready")]`.
struct JSONPath: Sendable {
    private enum Step: Sendable {
        case member(String)
        case index(Int)
        case all
        case filter(path: [String], equals: JSONValue)
    }

    private let steps: [Step]

    /// - Throws: ``StatusError`` where the path uses something else.
    init(_ text: String) throws {
        var steps: [Step] = []
        var rest = Substring(text)
        let refusal = StatusError(422, "Invalid", "JSONPath `\(text)` is not supported")
        while let first = rest.first {
            rest.removeFirst()
            if first == "." {
                let name = rest.prefix { $0 != "." && $0 != "[" }
                rest = rest.dropFirst(name.count)
                guard !name.isEmpty else { throw refusal }
                steps.append(.member(String(name)))
            } else if first == "[" {
                guard let end = Self.closingBracket(rest) else { throw refusal }
                guard let step = Self.bracket(rest[..<end]) else { throw refusal }
                steps.append(step)
                rest = rest[end...].dropFirst()
            } else {
                throw refusal
            }
        }
        self.steps = steps
    }

    private static func closingBracket(_ text: Substring) -> Substring.Index? {
        var quote: Character?
        for index in text.indices {
            let character = text[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character == "]" {
                return index
            }
        }
        return nil
    }

    private static func bracket(_ text: Substring) -> Step? {
        if text == "*" { return .all }
        if let index = Int(text) { return .index(index) }
        if text.first == "'", text.last == "'", text.count > 2 { return .member(String(text.dropFirst().dropLast())) }
        guard text.hasPrefix("?(@."), text.hasSuffix(")") else { return nil }
        let sides = text.dropFirst(4).dropLast().split(separator: "==", maxSplits: 1).map { side in
            side.drop { $0 == " " }
        }
        guard sides.count == 2, let quote = sides[1].first, quote == "\"" || quote == "'" else { return nil }
        let value = sides[1].dropFirst().prefix { $0 != quote }
        let path = sides[0].prefix { $0 != " " }.split(separator: ".").map(String.init)
        return .filter(path: path, equals: .string(String(value)))
    }

    /// Everything that the path finds, in order.
    func values(in value: JSONValue) -> [JSONValue] {
        steps.reduce([value]) { values, step in
            values.flatMap { value -> [JSONValue] in
                switch step {
                case .member(let name): return value[name].map { [$0] } ?? []
                case .index(let index):
                    guard let elements = value.arrayValue else { return [] }
                    let position = index < 0 ? elements.count + index : index
                    return elements.indices.contains(position) ? [elements[position]] : []
                case .all: return value.arrayValue ?? []
                case .filter(let path, let wanted):
                    return (value.arrayValue ?? []).filter { element in
                        path.reduce(Optional(element)) { $0?[$1] } == wanted
                    }
                }
            }
        }
    }
}
