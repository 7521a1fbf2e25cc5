extension JSONValue {
    /// Compact JSON with sorted names, escaped as Go does, so that equal values are equal bytes.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        encode(into: &bytes)
        return bytes
    }

    /// ``encoded`` as text, for messages and keys.
    package var text: String { String(decoding: encoded, as: UTF8.self) }

    func encode(into bytes: inout [UInt8]) {
        switch self {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .int(let value): bytes += String(value).utf8
        case .double(let value): bytes += String(value).utf8
        case .string(let value): Self.encode(value, into: &bytes)
        case .array(let elements):
            bytes.append(0x5B)
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(0x2C) }
                element.encode(into: &bytes)
            }
            bytes.append(0x5D)
        case .object(let members):
            bytes.append(0x7B)
            for (index, name) in members.keys.sorted().enumerated() {
                if index > 0 { bytes.append(0x2C) }
                Self.encode(name, into: &bytes)
                bytes.append(0x3A)
                members[name]?.encode(into: &bytes)
            }
            bytes.append(0x7D)
        }
    }

    private static func encode(_ text: String, into bytes: inout [UInt8]) {
        bytes.append(0x22)
        for byte in text.utf8 {
            switch byte {
            case 0x22: bytes += "\\\"".utf8
            case 0x5C: bytes += "\\\\".utf8
            case 0x0A: bytes += "\\n".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0x09: bytes += "\\t".utf8
            case 0..<0x20, 0x3C, 0x3E, 0x26: bytes += "\\u00\(hexadecimal(UInt64(byte), width: 2))".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
    }

    /// How deep lists and objects are nested.
    var depth: Int {
        switch self {
        case .array(let elements): 1 + (elements.map(\.depth).max() ?? 0)
        case .object(let members): 1 + (members.values.map(\.depth).max() ?? 0)
        default: 0
        }
    }

    /// Roughly the bytes this takes in memory, for the limit of the watch history.
    var weight: Int {
        switch self {
        case .null, .bool, .int, .double: 16
        case .string(let value): 16 + value.utf8.count
        case .array(let elements): elements.reduce(32) { $0 + $1.weight }
        case .object(let members): members.reduce(32) { $0 + 32 + $1.key.utf8.count + $1.value.weight }
        }
    }
}
