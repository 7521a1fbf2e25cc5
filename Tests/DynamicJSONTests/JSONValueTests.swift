import DynamicJSON
import FoundationEssentials
import Testing

@Suite struct JSONValueTests {
    private func parse(_ text: String) throws(JSONParser.Failure) -> JSONValue {
        try JSONParser.parse(Array(text.utf8))
    }

    private static let everything: JSONValue = [
        "list": [1, -2.5, "ä\n\u{1}<&>\"\\😀", true, .null, [:], []], "empty": "", "nested": ["a": ["b": [[0]]]],
        "large": 9_007_199_254_740_993,
    ]

    @Test func `what is encoded is parsed to the same, by both readers`() throws {
        let bytes = Self.everything.encoded
        #expect(try JSONParser.parse(bytes) == Self.everything)
        #expect(JSONValue(parsing: bytes) == Self.everything)
        #expect(try JSONDecoder().decode(JSONValue.self, from: Data(bytes)) == Self.everything)
        #expect(try JSONParser.parse(Array(JSONEncoder().encode(Self.everything))) == Self.everything)
    }

    @Test func `names are sorted, and what HTML or a terminal takes for more is escaped`() {
        let value: JSONValue = ["b": 1, "a": ["d": .null, "c": "<\u{1}\n\u{1f}>"]]
        #expect(value.text == #"{"a":{"c":"\u003c\u0001\n\u001f\u003e","d":null},"b":1}"#)
    }

    @Test func `integers stay apart from other numbers`() throws {
        #expect(try parse("[1, 1.0, 1e2, -0, 9223372036854775808]") == [1, 1.0, 100.0, 0, 9_223_372_036_854_775_808.0])
        #expect(JSONValue.int(1) != .double(1))
        #expect(JSONValue.double(1).intValue == 1 && JSONValue.double(1.5).intValue == nil)
        #expect(JSONValue.int(2).doubleValue == 2 && JSONValue.string("2").doubleValue == nil)
    }

    @Test(arguments: [
        ("", "unexpected end of JSON input"),
        ("{} x", "invalid character 'x' after top-level value"),
        ("{'a': 1}", "invalid character '\\'' looking for beginning of object key string"),
        ("{\"a\" 1}", "invalid character '1' after object key"),
        ("[1 2]", "invalid character '2' after array element"),
        ("nul!", "invalid character '!' in literal null"),
        ("\"\u{1}\"", "invalid character '\\u0001' in string literal"),
        (#""\x""#, "invalid character 'x' in string escape code"),
        (String(repeating: "[", count: 100_000), "exceeded max depth"),
    ])
    func `what is no JSON is refused in Go's words`(_ text: String, _ message: String) throws {
        let failure = #expect(throws: JSONParser.Failure.self) { try parse(text) }
        #expect(failure?.message == message)
        #expect(JSONValue(parsing: Array(text.utf8)) == nil)
    }

    @Test(arguments: [
        "", "{", "[1", "[1,]", #"{"a":}"#, "{'a': 1}", "[1 2]", "nul!", "\"\u{1}\"", #""\x""#, #"{"a": ["\u12"]}"#,
        "[] x", "-",
        String(repeating: "[", count: 100_000), String(repeating: #"{"a":"#, count: 100_000),
    ])
    func `what is passed over is checked as strictly as what is read`(_ text: String) {
        let failure = #expect(throws: JSONParser.Failure.self) { try parse(text) }
        let skipped = #expect(throws: JSONParser.Failure.self) {
            try JSONParser.read(Array(text.utf8)) { parser throws(JSONParser.Failure) in try parser.skip() }
        }
        #expect(skipped?.message == failure?.message)
    }

    @Test func `members are read or passed over, one by one`() throws {
        let text = #" {"a": {"x": [1, "}\"]"]}, "b": [{"n": "one"}, {"n": null, "m": true}], "c": null} "#
        let names = try JSONParser.read(Array(text.utf8)) { parser throws(JSONParser.Failure) in
            var names: [String?] = []
            try parser.members { parser, name throws(JSONParser.Failure) in
                guard name == "b" else { return try parser.skip() }
                try parser.elements { parser throws(JSONParser.Failure) in
                    try parser.members { parser, name throws(JSONParser.Failure) in
                        if name == "n" { names.append(try parser.text()) } else { try parser.skip() }
                    }
                }
            }
            return names
        }
        #expect(names == ["one", nil])
        #expect(throws: JSONParser.Failure.self) {
            try JSONParser.read(Array("[1]".utf8)) { parser throws(JSONParser.Failure) in
                try parser.elements { parser throws(JSONParser.Failure) in _ = try parser.text() }
            }
        }
    }

    @Test func `surrogates join in pairs, and one alone is replaced`() throws {
        #expect(try parse(#"["\ud83d\ude00", "\ud83d", "\ud83d\u0041"]"#) == ["😀", "\u{FFFD}", "\u{FFFD}A"])
    }

    @Test func `a path reads through members, makes those on its way, and removes with nil`() {
        var value: JSONValue = ["metadata": ["name": "sql"], "spec": 1]
        #expect(value["metadata", "name"] == "sql" && value["metadata", "uid"] == nil && value["spec", "a"] == nil)
        value["status", "server", "state"] = "Loaded"
        value["spec", "a"] = true
        value["metadata", "name"] = nil
        #expect(value == ["metadata": [:], "spec": ["a": true], "status": ["server": ["state": "Loaded"]]])
        value["spec"] = .null
        #expect(value["spec"] == .some(.null) && value["spec"]?.isNull == true)
    }
}
