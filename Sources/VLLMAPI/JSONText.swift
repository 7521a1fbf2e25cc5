import FoundationEssentials

/// JSON from a server that may be anything.
struct JSONText {
    private let bytes: [UInt8]
    /// Deepest nesting read: vLLM's answers need four.
    private static let depthLimit = 64

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// True where the text begins as a JSON object or array does, complete or not.
    var looksLikeJSON: Bool {
        let first = bytes.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    /// True where the text begins as HTML or XML does.
    var looksLikeMarkup: Bool { bytes.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) } == UInt8(ascii: "<") }

    /// The value, or nil where the text is no such value.
    func decode<Value: Decodable>(_ type: Value.Type) -> Value? {
        guard isShallow else { return nil }
        return try? JSONDecoder().decode(type, from: Data(bytes))
    }

    private var isShallow: Bool {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for byte in bytes {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            if depth > Self.depthLimit { return false }
        }
        return true
    }
}
