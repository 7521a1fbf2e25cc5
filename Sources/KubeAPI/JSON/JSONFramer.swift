/// Why a stream of bytes is no sequence of JSON values.
package enum FramingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One value is larger than the limit, in bytes.
    case tooLarge(limit: Int)
    /// A byte that cannot begin a value.
    case malformed(UInt8)
    /// The stream ended inside a value.
    case truncated

    package var description: String {
        switch self {
        case .tooLarge(let limit): "one JSON value exceeds \(limit) bytes"
        case .malformed(let byte): "byte \(byte) cannot begin a JSON value"
        case .truncated: "the body ended inside a JSON value"
        }
    }
}

/// Cuts a stream of bytes into its top-level JSON values, whatever stands between them: LF, CRLF, blanks or nothing.
///
/// It only looks for where values end; whether they are valid is for the decoder to say.
///
/// **Guarantees.** Every byte is looked at once, however the stream is chunked. Memory never exceeds the limit and one
/// chunk. Nothing is produced from a value whose end has not come.
package struct JSONFramer: Sendable {
    /// What client-go allows for one watch event.
    package static let defaultLimit = 16 << 20

    private enum Place { case between, literal, inside, string, escape }

    private let limit: Int
    private var place = Place.between
    private var depth = 0
    private var frame: [UInt8] = []

    package init(limit: Int = JSONFramer.defaultLimit) { self.limit = limit }

    /// Reads `chunk` from `index` on until a value ends, and returns that value; nil when the chunk is used up.
    package mutating func next(in chunk: [UInt8], from index: inout Int) throws(FramingError) -> [UInt8]? {
        var start = index
        while index < chunk.count {
            let byte = chunk[index]
            switch place {
            case .between:
                if !byte.isJSONSpace {
                    start = index
                    try begin(byte)
                }
            case .literal:
                if !byte.isJSONLiteral { return try end(chunk[start..<index]) }
            case .inside:
                switch byte {
                case .quote: place = .string
                case .openBrace, .openBracket: depth += 1
                case .closeBrace, .closeBracket:
                    depth -= 1
                    if depth == 0 {
                        index += 1
                        return try end(chunk[start..<index])
                    }
                default: break
                }
            case .string:
                // Most bytes stand in strings.
                while index < chunk.count - 1, chunk[index] != .quote, chunk[index] != .backslash { index += 1 }
                let byte = chunk[index]
                if byte == .backslash {
                    place = .escape
                } else if byte == .quote {
                    place = .inside
                    if depth == 0 {
                        index += 1
                        return try end(chunk[start..<index])
                    }
                }
            case .escape: place = .string
            }
            index += 1
        }
        if place != .between { try hold(chunk[start..<index]) }
        return nil
    }

    /// Tells that the stream has ended: returns a number or name that only the end completes.
    /// - Throws: ``FramingError/truncated`` inside any other value.
    package mutating func finish() throws(FramingError) -> [UInt8]? {
        switch place {
        case .between: nil
        case .literal: try end([])
        case .inside, .string, .escape: throw .truncated
        }
    }

    private mutating func begin(_ byte: UInt8) throws(FramingError) {
        switch byte {
        case .quote: place = .string
        case .openBrace, .openBracket:
            place = .inside
            depth = 1
        case _ where byte.isJSONLiteral: place = .literal
        default: throw .malformed(byte)
        }
    }

    private mutating func hold(_ bytes: ArraySlice<UInt8>) throws(FramingError) {
        guard bytes.count <= limit - frame.count else { throw .tooLarge(limit: limit) }
        frame += bytes
    }

    private mutating func end(_ bytes: ArraySlice<UInt8>) throws(FramingError) -> [UInt8] {
        try hold(bytes)
        defer { frame = [] }
        place = .between
        depth = 0
        return frame
    }
}

extension UInt8 {
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let openBrace = UInt8(ascii: "{")
    static let closeBrace = UInt8(ascii: "}")
    static let openBracket = UInt8(ascii: "[")
    static let closeBracket = UInt8(ascii: "]")
    static let comma = UInt8(ascii: ",")
    static let colon = UInt8(ascii: ":")

    var isJSONSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }

    /// Part of a number, `true`, `false` or `null`.
    var isJSONLiteral: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "E"):
            true
        default: false
        }
    }
}
