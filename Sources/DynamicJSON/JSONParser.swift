/// Reads JSON strictly and says what is wrong in the words of Go's `encoding/json`, which clients get to see.
///
/// Whoever needs little of much walks it with ``members(_:)`` and ``elements(_:)``, and has ``skip()`` check the rest without
/// building it.
package struct JSONParser {
    package struct Failure: Error {
        package let message: String
    }

    /// Deeper nesting is refused, so that no input exhausts the stack.
    private static let depthLimit = 100

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// - Throws: ``Failure`` unless `bytes` hold exactly one value.
    package static func parse(_ bytes: [UInt8]) throws(Failure) -> JSONValue {
        try read(bytes) { parser throws(Failure) in try parser.value() }
    }

    /// Has `body` read or skip the one value that `bytes` hold.
    ///
    /// - Throws: ``Failure`` where it does not, or they hold more.
    package static func read<Value>(
        _ bytes: [UInt8], _ body: (inout JSONParser) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var parser = JSONParser(bytes)
        let value = try body(&parser)
        parser.skipSpace()
        if let rest = parser.peek() { throw parser.unexpected(rest, "after top-level value") }
        return value
    }

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func unexpected(_ byte: UInt8?, _ place: String) -> Failure {
        guard let byte else { return Failure(message: "unexpected end of JSON input") }
        let shown: String
        switch byte {
        case 0x27: shown = "\\'"
        case 0x5C: shown = "\\\\"
        case 0x20..<0x7F, 0xA1...: shown = String(Character(Unicode.Scalar(byte)))
        default: shown = byte.unicodeEscape
        }
        return Failure(message: "invalid character '\(shown)' \(place)")
    }

    /// Reads the next value.
    package mutating func value() throws(Failure) -> JSONValue {
        skipSpace()
        switch peek() {
        case 0x7B:
            // The size is known at the end only, and a Dictionary that grows hashes its keys again and again.
            var members: [(String, JSONValue)] = []
            try self.members { parser, name throws(Failure) in members.append((name, try parser.value())) }
            return .object(Dictionary(members) { _, last in last })
        case 0x5B:
            var elements: [JSONValue] = []
            try self.elements { parser throws(Failure) in elements.append(try parser.value()) }
            return .array(elements)
        case 0x22: return .string(try string())
        default: return try plain()
        }
    }

    /// Passes over the next value, which has to be a sound one.
    package mutating func skip() throws(Failure) {
        skipSpace()
        switch peek() {
        case 0x7B:
            try object { parser throws(Failure) in
                try parser.skipString()
                try parser.colon()
                try parser.skip()
            }
        case 0x5B: try elements { parser throws(Failure) in try parser.skip() }
        case 0x22: try skipString()
        default: _ = try plain()
        }
    }

    /// Reads the next value, which has to be a string or null.
    package mutating func text() throws(Failure) -> String? {
        if isAt(0x22) { return try string() }
        guard peek() == 0x6E else { throw unexpected(peek(), "looking for a string") }
        try skip()
        return nil
    }

    private mutating func isAt(_ byte: UInt8) -> Bool {
        skipSpace()
        return peek() == byte
    }

    /// Walks the object that comes next: `read` gets each member's name, and reads or skips its value.
    package mutating func members(
        _ read: (inout JSONParser, String) throws(Failure) -> Void
    ) throws(Failure) {
        try object { parser throws(Failure) in
            let name = try parser.string()
            try parser.colon()
            try read(&parser, name)
        }
    }

    /// Walks the array that comes next: `read` reads or skips each element.
    package mutating func elements(_ read: (inout JSONParser) throws(Failure) -> Void) throws(Failure) {
        try list(from: 0x5B, to: 0x5D, "after array element", read)
    }

    private mutating func object(_ member: (inout JSONParser) throws(Failure) -> Void) throws(Failure) {
        try list(from: 0x7B, to: 0x7D, "after object key:value pair") { parser throws(Failure) in
            parser.skipSpace()
            guard parser.peek() == 0x22 else {
                throw parser.unexpected(parser.peek(), "looking for beginning of object key string")
            }
            try member(&parser)
        }
    }

    private mutating func list(
        from first: UInt8, to last: UInt8, _ place: String, _ item: (inout JSONParser) throws(Failure) -> Void
    ) throws(Failure) {
        guard isAt(first) else { throw unexpected(peek(), "looking for beginning of value") }
        guard depth < Self.depthLimit else { throw Failure(message: "exceeded max depth") }
        depth += 1
        defer { depth -= 1 }
        position += 1
        if isAt(last) {
            position += 1
            return
        }
        while true {
            try item(&self)
            skipSpace()
            guard let byte = peek(), byte == 0x2C || byte == last else { throw unexpected(peek(), place) }
            position += 1
            if byte == last { return }
        }
    }

    private mutating func colon() throws(Failure) {
        skipSpace()
        guard peek() == 0x3A else { throw unexpected(peek(), "after object key") }
        position += 1
    }

    /// A value that holds no others, and is no string.
    private mutating func plain() throws(Failure) -> JSONValue {
        switch peek() {
        case 0x74: return try literal("true", .bool(true))
        case 0x66: return try literal("false", .bool(false))
        case 0x6E: return try literal("null", .null)
        case let byte? where byte == 0x2D || (0x30...0x39).contains(byte): return try number()
        case let byte: throw unexpected(byte, "looking for beginning of value")
        }
    }

    private mutating func literal(_ word: String, _ value: JSONValue) throws(Failure) -> JSONValue {
        for expected in word.utf8 {
            guard peek() == expected else { throw unexpected(peek(), "in literal \(word)") }
            position += 1
        }
        return value
    }

    private mutating func number() throws(Failure) -> JSONValue {
        let start = position
        if peek() == 0x2D { position += 1 }
        var isWhole = true
        scan: while let byte = peek() {
            switch byte {
            case 0x30...0x39: break
            case 0x2E, 0x65, 0x45, 0x2B, 0x2D: isWhole = false
            default: break scan
            }
            position += 1
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let value = Int64(text) { return .int(value) }
        guard let value = Double(text), value.isFinite else { throw unexpected(peek(), "in numeric literal") }
        return .double(value)
    }

    private mutating func string() throws(Failure) -> String {
        position += 1
        let start = position
        while let byte = peek(), byte != 0x22, byte != 0x5C, byte >= 0x20 { position += 1 }
        if peek() == 0x22 {
            let text = String(decoding: bytes[start..<position], as: UTF8.self)
            position += 1
            return text
        }
        var text = Array(bytes[start..<position])
        while true {
            guard let byte = peek() else { throw unexpected(nil, "") }
            position += 1
            switch byte {
            case 0x22: return String(decoding: text, as: UTF8.self)
            case 0x5C: try escape(into: &text)
            case 0..<0x20: throw unexpected(byte, "in string literal")
            default: text.append(byte)
            }
        }
    }

    private mutating func skipString() throws(Failure) {
        let start = position
        position += 1
        while let byte = peek(), byte != 0x22, byte != 0x5C, byte >= 0x20 { position += 1 }
        if peek() == 0x22 {
            position += 1
        } else {
            position = start
            _ = try string()
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(Failure) {
        let byte = peek()
        position += 1
        switch byte {
        case 0x22, 0x5C, 0x2F: text.append(byte ?? 0)
        case 0x62: text.append(0x08)
        case 0x66: text.append(0x0C)
        case 0x6E: text.append(0x0A)
        case 0x72: text.append(0x0D)
        case 0x74: text.append(0x09)
        case 0x75:
            var code = try hexadecimalUnit()
            if (0xD800..<0xDC00).contains(code), peek() == 0x5C, position + 1 < bytes.count, bytes[position + 1] == 0x75
            {
                let rewind = position
                position += 2
                let low = try hexadecimalUnit()
                if (0xDC00..<0xE000).contains(low) {
                    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
                } else {
                    position = rewind
                }
            }
            text += Array(String(Character(Unicode.Scalar(code) ?? "\u{FFFD}")).utf8)
        default: throw unexpected(byte, "in string escape code")
        }
    }

    private mutating func hexadecimalUnit() throws(Failure) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw unexpected(peek(), "in \\u hexadecimal character escape")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }
}
