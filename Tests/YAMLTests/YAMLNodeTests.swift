import DynamicJSON
import Testing
import YAML

struct YAMLNodeTests {
    private func values(_ text: String) throws -> [JSONValue] { try YAMLNode.documents(of: text).map(\.json) }

    @Test(
        arguments: [
            ("a: 1", ["a": 1]),
            ("a: -1.5e3", ["a": -1500.0]),
            ("{a: ~, b: null, c: }", ["a": .null, "b": .null, "c": .null]),
            ("{a: true, b: False, c: yes}", ["a": true, "b": false, "c": "yes"]),
            ("{a: '1', b: \"true\", c: 'null'}", ["a": "1", "b": "true", "c": "null"]),
            ("a: |\n  one\n  two\nb: >-\n  one\n  two", ["a": "one\ntwo\n", "b": "one two"]),
            (
                "a: 0x10\nb: 1.2.3\nc: 12 GiB\nd: 99999999999999999999",
                ["a": "0x10", "b": "1.2.3", "c": "12 GiB", "d": 1e20]
            ),
            ("- [1, {a: b}]\n- x", [[1, ["a": "b"]], "x"]),
            ("{\"a\": [\"\\u00e9\", 1]}", ["a": ["é", 1]]),
            ("a: &x {b: 1}\nc: *x", ["a": ["b": 1], "c": ["b": 1]]),
            ("a: &x {b: 1, c: 1}\nd: {<<: *x, c: 2}", ["a": ["b": 1, "c": 1], "d": ["b": 1, "c": 2]]),
            ("a: {<<: [{b: 1}, {b: 2, c: 2}]}", ["a": ["b": 1, "c": 2]]),
            ("\u{FEFF}a: 1\r\nb: 2\r\n", ["a": 1, "b": 2]),
            ("%YAML 1.1\n---\na: 1\n...\n", ["a": 1]),
        ] as [(String, JSONValue)])
    func `a text says what JSON would`(text: String, expected: JSONValue) throws {
        #expect(try values(text) == [expected])
    }

    @Test func `documents are apart, and each knows its line`() throws {
        let documents = try YAMLNode.documents(of: "# one\n---\n\na: 1\n---\n# nothing\n--- {b: 2}\n")
        #expect(documents.map(\.json) == [["a": 1], .null, ["b": 2]])
        #expect(documents.first?.line == 4)
        #expect(documents.last?.line == 7)
        #expect(try values("").isEmpty)
        #expect(try values("# only a comment\n").isEmpty)
    }

    @Test(arguments: [
        ("a: [1", 1, "flow"), ("a: [1\n", 1, "flow"), ("{a: 1\n\nb", 3, "flow"),
        ("a: 1\n\tb: 2", 2, "tab character"),
        ("a: 1\nb: 2\na: 3\n", 3, "the key a is there twice"),
        ("a: *x", 1, "undefined alias"),
        ("? [1]\n: 2", 1, "a key must be text"),
        ("a: &a [*a]", 1, "too large or too deep"),
        ("a: 1\nb: {<<: 2}", 2, "only a mapping can be merged"),
        ("a: 1\nb: \u{7}", 2, "control characters"),
        ("a: \"\\ud800\"", 1, "invalid Unicode"),
        (String(repeating: "[", count: 20_000), 1, ""),
    ])
    func `what is wrong is told with its line`(text: String, line: Int, problem: String) throws {
        let error = try #require(throws: YAMLError.self) { try YAMLNode.documents(of: text) }
        #expect(error.line == line, "\(error)")
        #expect(error.problem.contains(problem) || problem.isEmpty, "\(error)")
    }

    @Test func `aliases that multiply are refused before they fill the memory`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<30 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(throws: YAMLError.self) { try YAMLNode.documents(of: text) }
    }

    /// Every prefix of a text with all that YAML has, and every text with one byte of it changed.
    @Test func `broken texts are errors or values, never traps`() {
        let text =
            "%YAML 1.1\n---\na: &x !!str {b: [1, 'c', \"\\x41\"], ? d : e}\nh: |2-\n   e\n<<: *x\nf: >+\n  g\n\n...\n--- !t\n- &y z\n- *y\n"
        let bytes = Array(text.utf8)
        var outcomes = [0, 0]
        func read(_ bytes: [UInt8]) {
            let isError = (try? YAMLNode.documents(of: String(decoding: bytes, as: UTF8.self))) == nil
            outcomes[isError ? 1 : 0] += 1
        }
        for count in bytes.indices { read(Array(bytes[..<count])) }
        for index in bytes.indices {
            for byte: UInt8 in [0, 0x09, 0x0A, 0x20, 0x26, 0x2A, 0x3A, 0x7B, 0x85, 0xFF] {
                var changed = bytes
                changed[index] = byte
                read(changed)
            }
        }
        #expect(outcomes.allSatisfy { $0 > 50 }, "\(outcomes)")
    }
}
