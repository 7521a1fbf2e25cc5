package import DynamicJSON

extension YAMLNode {
    /// The value as JSON.
    ///
    /// Plain scalars are null, true, false and decimal numbers as YAML 1.2 writes them, and else text.
    package var json: JSONValue {
        switch content {
        case .mapping(let members): .object(members.mapValues(\.json))
        case .sequence(let elements): .array(elements.map(\.json))
        case .scalar(let text, isPlain: false): .string(text)
        case .scalar(let text, isPlain: true): Self.plain(text)
        }
    }

    private static func plain(_ text: String) -> JSONValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default:
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
