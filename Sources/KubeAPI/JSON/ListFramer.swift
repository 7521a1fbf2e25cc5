/// Cuts the elements of a list's top-level `items` out of a stream of bytes, one by one, so that no list is ever held
/// whole; what remains, the list without its elements, is the envelope.
package struct ListFramer: Sendable {
    /// Kind and metadata are far smaller; a Table, which keeps its rows elsewhere, is stopped here.
    package static let envelopeLimit = 1 << 20

    private enum Place { case start, envelope, string, escape, between, element, end }

    private var place = Place.start
    /// Inside the envelope.
    private var depth = 0
    private var expectsKey = false
    /// The latest key of the top-level object.
    private var key: [UInt8] = []
    private var readsKey = false
    private var elements: JSONFramer
    private var held: [UInt8] = []

    package init(elementLimit: Int = JSONFramer.defaultLimit) { elements = JSONFramer(limit: elementLimit) }

    /// Reads `chunk` from `index` on until an element ends, and returns it; nil when the chunk is used up.
    package mutating func next(in chunk: [UInt8], from index: inout Int) throws(FramingError) -> [UInt8]? {
        while index < chunk.count {
            let byte = chunk[index]
            switch place {
            case .element:
                guard let element = try elements.next(in: chunk, from: &index) else { return nil }
                place = .between
                return element
            case .between:
                if byte == .closeBracket {
                    place = .envelope
                    try hold(byte)
                } else if !byte.isJSONSpace && byte != .comma {
                    place = .element
                    continue
                }
            default: try readEnvelope(byte)
            }
            index += 1
        }
        return nil
    }

    /// The list without its elements, once the body has ended.
    /// - Throws: ``FramingError/truncated`` if it ended too early.
    package func envelope() throws(FramingError) -> [UInt8] {
        guard place == .end else { throw .truncated }
        return held
    }

    private mutating func readEnvelope(_ byte: UInt8) throws(FramingError) {
        switch place {
        case .start where byte == .openBrace:
            place = .envelope
            depth = 1
            expectsKey = true
        case .start, .end:
            guard byte.isJSONSpace else { throw .malformed(byte) }
            return
        case .string:
            if byte == .backslash {
                place = .escape
            } else if byte == .quote {
                place = .envelope
                readsKey = false
            }
            if readsKey { key.append(byte) }
        case .escape:
            place = .string
            if readsKey { key.append(byte) }
        default: readStructure(byte)
        }
        try hold(byte)
    }

    private mutating func readStructure(_ byte: UInt8) {
        switch byte {
        case .quote:
            place = .string
            readsKey = depth == 1 && expectsKey
            if readsKey { key = [] }
        case .openBracket where depth == 1 && !expectsKey && key.elementsEqual("items".utf8): place = .between
        case .openBrace, .openBracket: depth += 1
        case .closeBrace, .closeBracket:
            depth -= 1
            if depth == 0 { place = .end }
        case .comma where depth == 1: expectsKey = true
        case .colon where depth == 1: expectsKey = false
        default: break
        }
    }

    private mutating func hold(_ byte: UInt8) throws(FramingError) {
        guard held.count < Self.envelopeLimit else { throw .tooLarge(limit: Self.envelopeLimit) }
        held.append(byte)
    }
}
