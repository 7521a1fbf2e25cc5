/// The members of an object, by where their values are.
struct JSONMembers<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let object: JSONElement
    private let place: JSONPlace
    private let members: [(name: String, offset: Int)]

    init(of object: JSONElement) throws {
        self.object = object
        place = object.place
        var found: [(name: String, offset: Int)] = []
        found.reserveCapacity(8)
        try object.walk([String: Any].self, "{") { parser throws(JSONParser.Failure) in
            try parser.members { parser, name throws(JSONParser.Failure) in
                found.append((name, parser.offset))
                try parser.skip()
            }
        }
        members = found
    }

    var codingPath: [any CodingKey] { place.path }

    var allKeys: [Key] {
        var seen: Set<String> = []
        return members.compactMap { seen.insert($0.name).inserted ? Key(stringValue: $0.name) : nil }
    }

    func contains(_ key: Key) -> Bool { find(key) != nil }

    /// Of members of one name the last counts, as in Go.
    private func find(_ key: some CodingKey) -> JSONElement? {
        let name = key.stringValue
        guard let member = members.last(where: { $0.name == name }) else { return nil }
        return JSONElement(bytes: object.bytes, offset: member.offset, place: place, key: key)
    }

    private func element(_ key: some CodingKey) throws -> JSONElement {
        if let element = find(key) { return element }
        throw DecodingError.keyNotFound(
            key, DecodingError.Context(codingPath: codingPath, debugDescription: "\(key.stringValue) is missing"))
    }

    /// nil where there is none or null.
    private func present(_ key: Key) -> JSONElement? { find(key).flatMap { $0.decodeNil() ? nil : $0 } }

    func decodeNil(forKey key: Key) throws -> Bool { try element(key).decodeNil() }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try element(key).decode(type)
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try element(key).decode(type) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try element(key).decode(type) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try element(key).decode(type) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try element(key).decode(type) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try element(key).decode(type) }

    // The library looks a name up three times for each of these.

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try present(key)?.decode(type)
    }

    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try present(key)?.decode(type) }
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try present(key)?.decode(type) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try present(key)?.decode(type) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try element(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try element(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try element(JSONKey("super")) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try element(key) }
}

/// The elements of an array, by where they are.
struct JSONElements: UnkeyedDecodingContainer {
    private let array: JSONElement
    private let place: JSONPlace
    private let offsets: [Int]
    private(set) var currentIndex = 0

    init(of array: JSONElement) throws {
        self.array = array
        place = array.place
        var found: [Int] = []
        try array.walk([Any].self, "[") { parser throws(JSONParser.Failure) in
            try parser.elements { parser throws(JSONParser.Failure) in
                found.append(parser.offset)
                try parser.skip()
            }
        }
        offsets = found
    }

    var codingPath: [any CodingKey] { place.path }
    var count: Int? { offsets.count }
    var isAtEnd: Bool { currentIndex >= offsets.count }

    private func next(_ type: Any.Type) throws -> JSONElement {
        let key = JSONKey(currentIndex)
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                type, DecodingError.Context(codingPath: codingPath + [key], debugDescription: "the array is at its end")
            )
        }
        return JSONElement(bytes: array.bytes, offset: offsets[currentIndex], place: place, key: key)
    }

    /// Goes on only where `read` does not throw.
    private mutating func take<Value>(_ type: Any.Type, _ read: (JSONElement) throws -> Value) throws -> Value {
        let value = try read(try next(type))
        currentIndex += 1
        return value
    }

    mutating func decodeNil() throws -> Bool {
        let isNull = try next(JSONValue.self).decodeNil()
        if isNull { currentIndex += 1 }
        return isNull
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try take(type) { try $0.decode(type) }
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try take([String: Any].self) { try $0.container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try take([Any].self) { try $0.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { try take(JSONValue.self) { $0 } }
}

/// A place in an array, or a name that no type declares.
private struct JSONKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(_ index: Int) {
        stringValue = "Index \(index)"
        intValue = index
    }

    init(_ name: String) {
        stringValue = name
        intValue = nil
    }

    init(stringValue: String) { self.init(stringValue) }
    init(intValue: Int) { self.init(intValue) }
}
