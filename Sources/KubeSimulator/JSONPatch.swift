import DynamicJSON

/// RFC 6902, as the API server applies it.
enum JSONPatch {
    private static let operationLimit = 10_000
    /// Bytes that `copy` operations may add up to: copies of copies double.
    private static let copyLimit = 3 << 20
    /// Deeper results are refused, so that no patch exhausts the stack.
    private static let depthLimit = 100

    /// What the server says about a patch that does not apply, whatever is wrong (fixture 051).
    static let rejected = StatusError(
        422, "Invalid", "the server rejected our request due to an error in our request", details: [:])

    /// - Throws: ``StatusError``: 400 for what is no patch, ``rejected`` for one that does not fit.
    static func apply(_ patch: JSONValue, to target: JSONValue) throws -> JSONValue {
        guard let operations = patch.arrayValue, operations.count <= operationLimit else {
            throw StatusError(
                400, "BadRequest",
                "error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch")
        }
        var result = target
        var copied = 0
        for operation in operations { try apply(operation, to: &result, copied: &copied) }
        return result
    }

    private static func apply(_ operation: JSONValue, to target: inout JSONValue, copied: inout Int) throws {
        guard let path = pointer(operation["path"]) else { throw rejected }
        switch operation["op"]?.stringValue {
        case "test":
            let found = value(at: path[...], in: target)
            guard found == operation["value"] || (found == nil && operation["value"]?.isNull == true) else {
                throw rejected
            }
        case "add": try set(operation["value"] ?? .null, at: path[...], in: &target, isAdding: true)
        case "replace":
            guard value(at: path[...], in: target) != nil else { throw rejected }
            try set(operation["value"] ?? .null, at: path[...], in: &target, isAdding: false)
        case "remove": try remove(at: path[...], from: &target)
        case "copy", "move":
            guard let from = pointer(operation["from"]), let moved = value(at: from[...], in: target) else {
                throw rejected
            }
            if operation["op"]?.stringValue == "move" {
                try remove(at: from[...], from: &target)
            } else {
                copied += moved.weight
                guard copied <= copyLimit else {
                    throw StatusError(413, "RequestEntityTooLarge", "the copies are too large")
                }
            }
            try set(moved, at: path[...], in: &target, isAdding: true)
        default: throw rejected
        }
    }

    private static func pointer(_ value: JSONValue?) -> [String]? {
        guard let text = value?.stringValue else { return nil }
        if text.isEmpty { return [] }
        guard text.hasPrefix("/") else { return nil }
        return text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { part in
            part.split(separator: "~1", omittingEmptySubsequences: false).map { piece in
                piece.split(separator: "~0", omittingEmptySubsequences: false).joined(separator: "~")
            }.joined(separator: "/")
        }
    }

    private static func index(_ text: String, _ count: Int, isAdding: Bool) -> Int? {
        if text == "-" { return isAdding ? count : nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let index = Int(text) else { return nil }
        return index < count || (isAdding && index == count) ? index : nil
    }

    private static func value(at path: ArraySlice<String>, in target: JSONValue) -> JSONValue? {
        guard let first = path.first else { return target }
        switch target {
        case .object(let members): return members[first].flatMap { value(at: path.dropFirst(), in: $0) }
        case .array(let elements):
            guard let index = index(first, elements.count, isAdding: false) else { return nil }
            return value(at: path.dropFirst(), in: elements[index])
        default: return nil
        }
    }

    private static func set(
        _ value: JSONValue, at path: ArraySlice<String>, in target: inout JSONValue, isAdding: Bool
    ) throws {
        guard value.depth + path.count <= depthLimit else { throw rejected }
        try insert(value, at: path, in: &target, isAdding: isAdding)
    }

    private static func insert(
        _ value: JSONValue, at path: ArraySlice<String>, in target: inout JSONValue, isAdding: Bool
    ) throws {
        guard let first = path.first else {
            target = value
            return
        }
        let isLast = path.count == 1
        switch target {
        case .object(var members):
            if isLast {
                members[first] = value
            } else {
                guard var member = members[first] else { throw rejected }
                try insert(value, at: path.dropFirst(), in: &member, isAdding: isAdding)
                members[first] = member
            }
            target = .object(members)
        case .array(var elements):
            guard let index = index(first, elements.count, isAdding: isAdding && isLast) else { throw rejected }
            if !isLast {
                try insert(value, at: path.dropFirst(), in: &elements[index], isAdding: isAdding)
            } else if isAdding {
                elements.insert(value, at: index)
            } else {
                elements[index] = value
            }
            target = .array(elements)
        default: throw rejected
        }
    }

    private static func remove(at path: ArraySlice<String>, from target: inout JSONValue) throws {
        guard let first = path.first else { throw rejected }
        switch target {
        case .object(var members):
            guard var member = members[first] else { throw rejected }
            if path.count == 1 {
                members[first] = nil
            } else {
                try remove(at: path.dropFirst(), from: &member)
                members[first] = member
            }
            target = .object(members)
        case .array(var elements):
            guard let index = index(first, elements.count, isAdding: false) else { throw rejected }
            if path.count == 1 {
                elements.remove(at: index)
            } else {
                try remove(at: path.dropFirst(), from: &elements[index])
            }
            target = .array(elements)
        default: throw rejected
        }
    }
}
