import DynamicJSON
import FoundationEssentials
import Testing

/// Held to what Foundation's `JSONDecoder` makes of the same bytes.
@Suite struct JSONReaderTests {
    private struct Thing: Hashable, Decodable {
        enum Kind: String, Decodable { case plain, odd }
        struct Part: Hashable, Decodable {
            var id: Int
            var weight: Double?
        }

        var name: String
        var kind: Kind?
        var parts: [Part]?
        var labels: [String: String]?
        var count: Int32?
        var isOn: Bool?
        var nested: [[UInt8]]?
    }

    private static let texts = [
        #"{"name":"a"}"#, #" { "name" : "a\u00e9\n\ud83d\ude00" , "kind" : "odd" } "#, #"{"name":null}"#, "{}", "[]",
        #"{"name":"a","kind":null,"parts":null}"#, #"{"name":"a","kind":"other"}"#, #"{"name":7}"#,
        #"{"name":"a","parts":[{"id":1},{"id":2,"weight":1},{"id":3.0,"weight":2.5}]}"#,
        #"{"name":"a","parts":[{"id":1},{"weight":2}]}"#, #"{"name":"a","parts":[{"id":1.5}]}"#,
        #"{"name":"a","parts":{"id":1}}"#, #"{"name":"a","parts":[null]}"#, #"{"name":"a","labels":{"x":"1","y":"2"}}"#,
        #"{"name":"a","labels":{"x":1}}"#, #"{"name":"a","labels":{"x":null}}"#, #"{"name":"a","count":2147483648}"#,
        #"{"name":"a","count":-3,"isOn":true}"#, #"{"name":"a","isOn":1}"#, #"{"name":"a","nested":[[1,255],[]]}"#,
        #"{"name":"a","nested":[[256]]}"#, #"{"name":"a","extra":{"deep":[{"er":[1,2,{"x":"}"}]}]},"isOn":false}"#,
        #"{"name":"a""#, #"{"name":"a"} x"#, "", "nul", #"{"name":"\x"}"#,
    ]

    @Test(arguments: texts)
    func `what is read is what Foundation reads, and where it fails this fails`(text: String) {
        let bytes = Array(text.utf8)
        let expected = try? JSONDecoder().decode(Thing.self, from: Data(bytes))
        #expect((try? JSONReader.decode(Thing.self, from: bytes)) == expected)
    }

    @Test(arguments: [
        (#"{"name":"a","parts":[{"id":1},{"id":"x"}]}"#, "parts.1.id"),
        (#"{"name":"a","labels":{"x":[]}}"#, "labels.x"),
        (#"{"name":"a","parts":[{"id":1},{}]}"#, "parts.1"), (#"{"name":null}"#, "name"),
    ])
    func `an error says where it is`(text: String, place: String) throws {
        let error = #expect(throws: DecodingError.self) { try JSONReader.decode(Thing.self, from: Array(text.utf8)) }
        let path: [any CodingKey] =
            switch try #require(error) {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                .dataCorrupted(let context):
                context.codingPath
            @unknown default: []
            }
        #expect(path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".") == place)
    }

    @Test func `any value can be asked for, whole`() throws {
        let text = #"{"a":[1,2.5,null,{"b":"c"}],"d":true}"#
        let values = try JSONReader.decode([String: JSONValue].self, from: Array(text.utf8))
        #expect(values == ["a": [1, 2.5, .null, ["b": "c"]], "d": true])
    }

    @Test func `nesting without end is an error`() {
        let text = String(repeating: "[", count: 100_000)
        #expect(throws: DecodingError.self) { try JSONReader.decode([Int].self, from: Array(text.utf8)) }
    }
}
