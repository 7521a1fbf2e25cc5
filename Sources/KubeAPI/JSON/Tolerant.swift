/// Reads fields the way Go writes them: absent and `null` both mean the zero value.
extension KeyedDecodingContainer {
    package func text(_ key: Key) throws -> String { try decodeIfPresent(String.self, forKey: key) ?? "" }

    package func flag(_ key: Key) throws -> Bool { try decodeIfPresent(Bool.self, forKey: key) ?? false }

    package func list<Element: Decodable>(_ key: Key) throws -> [Element] {
        try decodeIfPresent([Element].self, forKey: key) ?? []
    }

    package func map<Value: Decodable>(_ key: Key) throws -> [String: Value] {
        try decodeIfPresent([String: Value].self, forKey: key) ?? [:]
    }
}
