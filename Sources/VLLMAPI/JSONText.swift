import FoundationEssentials

/// JSON from a server that may be anything.
struct JSONText {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// True where the text begins as a JSON object or array does, complete or not.
    var looksLikeJSON: Bool {
        let first = bytes.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    /// True where the text begins as HTML or XML does.
    var looksLikeMarkup: Bool { bytes.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) } == UInt8(ascii: "<") }

    /// The value, or nil where the text is no such value; Foundation reads no deeper than 512 levels.
    func decode<Value: Decodable>(_ type: Value.Type) -> Value? { try? JSONDecoder().decode(type, from: Data(bytes)) }
}
