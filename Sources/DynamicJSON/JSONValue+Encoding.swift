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

    /// Appends ``encoded``.
    package func encode(into bytes: inout [UInt8]) {
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
        // Many: each leaf of `fieldsV1`.
        case .object(let members) where members.isEmpty: bytes += "{}".utf8
        case .object(let members):
            bytes.append(0x7B)
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { bytes.append(0x2C) }
                Self.encode(member.key, into: &bytes)
                bytes.append(0x3A)
                member.value.encode(into: &bytes)
            }
            bytes.append(0x7D)
        }
    }

    private static func encode(_ text: String, into bytes: inout [UInt8]) {
        bytes.append(0x22)
        guard text.utf8.contains(where: \.isEscaped) else {
            bytes += text.utf8
            bytes.append(0x22)
            return
        }
        for byte in text.utf8 {
            switch byte {
            case _ where !byte.isEscaped: bytes.append(byte)
            case 0x22: bytes += "\\\"".utf8
            case 0x5C: bytes += "\\\\".utf8
            case 0x0A: bytes += "\\n".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0x09: bytes += "\\t".utf8
            default: bytes += byte.unicodeEscape.utf8
            }
        }
        bytes.append(0x22)
    }
}

extension UInt8 {
    /// Whether a string shows it as anything but itself; asked for every byte of a text, so of a set of bits.
    fileprivate var isEscaped: Bool { self < 0x40 ? Self.escaped >> self & 1 == 1 : self == 0x5C }

    /// What stands before a space, `"`, `&`, `<` and `>`.
    private static var escaped: UInt64 { 0xFFFF_FFFF | 1 << 0x22 | 1 << 0x26 | 1 << 0x3C | 1 << 0x3E }

    /// The character of that number as JSON escapes it: `\u001f`.
    var unicodeEscape: String {
        let digits = String(self, radix: 16)
        return (digits.utf8.count < 2 ? "\\u000" : "\\u00") + digits
    }
}
