/// Reads `Decodable` types straight from the bytes of JSON: what a type does not ask for is passed over, not built.
///
/// It does what `JSONDecoder` of Foundation does with its defaults, several times faster: that one notes each token of the
/// text, and the names of an object anew for each container asked for.
package enum JSONReader {
    /// - Throws: `DecodingError`.
    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        do {
            // Sound as a whole; from here on every value is where it was found.
            try JSONParser.read(bytes) { parser throws(JSONParser.Failure) in try parser.skip() }
        } catch {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: [], debugDescription: "not valid JSON: \(error.message)"))
        }
        return try JSONElement(bytes: bytes, offset: 0, place: .top).decode(type)
    }
}

/// Where a value stands, for errors.
indirect enum JSONPlace {
    case top
    case below(JSONPlace, any CodingKey)

    var path: [any CodingKey] {
        switch self {
        case .top: []
        case .below(let place, let key): place.path + [key]
        }
    }
}

/// One value in the bytes.
struct JSONElement: Decoder {
    let bytes: [UInt8]
    let offset: Int
    /// Where it stands, or what it stands in, where there is a `key`: few places are ever looked at.
    private let parent: JSONPlace
    private let key: (any CodingKey)?

    init(bytes: [UInt8], offset: Int, place: JSONPlace, key: (any CodingKey)? = nil) {
        self.bytes = bytes
        self.offset = offset
        parent = place
        self.key = key
    }

    var place: JSONPlace { key.map { .below(parent, $0) } ?? parent }
    var codingPath: [any CodingKey] { place.path }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(try JSONMembers<Key>(of: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try JSONElements(of: self) }
    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    /// Walks what is here, where it is of that kind.
    func walk(
        _ type: Any.Type, _ first: Unicode.Scalar, _ body: (inout JSONParser) throws(JSONParser.Failure) -> Void
    ) throws {
        var parser = JSONParser(bytes, at: offset)
        guard parser.isAt(first) else { throw mismatch(type) }
        do { try body(&parser) } catch { throw corrupted(error.message) }
    }

    func mismatch(_ type: Any.Type) -> DecodingError {
        let context = DecodingError.Context(codingPath: codingPath, debugDescription: "expected \(type)")
        return decodeNil() ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    func corrupted(_ problem: String) -> DecodingError {
        .dataCorrupted(DecodingError.Context(codingPath: codingPath, debugDescription: problem))
    }
}

extension JSONElement: SingleValueDecodingContainer {
    func decodeNil() -> Bool {
        var parser = JSONParser(bytes, at: offset)
        return parser.isAt("n")
    }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if type == JSONValue.self, let value = try whole() as? Value { return value }
        return try Value(from: self)
    }

    func decode(_ type: String.Type) throws -> String {
        guard let value = try scalar().stringValue else { throw mismatch(type) }
        return value
    }

    func decode(_ type: Bool.Type) throws -> Bool {
        guard let value = try scalar().boolValue else { throw mismatch(type) }
        return value
    }

    func decode(_ type: Double.Type) throws -> Double {
        guard let value = try scalar().doubleValue else { throw mismatch(type) }
        return value
    }

    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
    func decode(_ type: Int.Type) throws -> Int { try integer() }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer() }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer() }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer() }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer() }
    func decode(_ type: UInt.Type) throws -> UInt { try integer() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer() }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer() }

    private func integer<Integer: FixedWidthInteger>() throws -> Integer {
        switch try scalar() {
        case .int(let value): if let value = Integer(exactly: value) { return value }
        case .double(let value): if let value = Integer(exactly: value) { return value }
        default: throw mismatch(Integer.self)
        }
        throw corrupted("a number that does not fit into \(Integer.self)")
    }

    /// The value where it holds no others, else null, which is nothing that anybody asks for.
    private func scalar() throws -> JSONValue {
        var parser = JSONParser(bytes, at: offset)
        return parser.isAt("{") || parser.isAt("[") ? .null : try whole()
    }

    private func whole() throws -> JSONValue {
        var parser = JSONParser(bytes, at: offset)
        do { return try parser.value() } catch { throw corrupted(error.message) }
    }
}
