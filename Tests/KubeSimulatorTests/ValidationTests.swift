import DynamicJSON
import Effects
import KubeSimulator
import Testing

@Suite struct ValidationTests {
    /// A definition with one field, of this schema.
    private func definition(_ schema: JSONValue) -> String {
        let definition: JSONValue = [
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": ["name": "things.x.dev"],
            "spec": [
                "group": "x.dev", "scope": "Namespaced", "names": ["plural": "things", "kind": "Thing"],
                "versions": [
                    [
                        "name": "v1", "served": true, "storage": true,
                        "schema": ["openAPIV3Schema": ["type": "object", "properties": ["field": schema]]],
                    ]
                ],
            ],
        ]
        return definition.text
    }

    /// Whether `value` is accepted; nil where the definition itself is refused.
    private func accepts(_ schema: JSONValue, _ value: JSONValue) throws -> Bool {
        let simulator = try makeSimulator { $0.customResourceDefinitions = [definition(schema)] }
        let object: JSONValue = [
            "apiVersion": "x.dev/v1", "kind": "Thing", "metadata": ["name": "t", "namespace": "default"],
            "field": value,
        ]
        do {
            try simulator.create(object)
            return true
        } catch let error as StatusError where error.code == 422 {
            return false
        }
    }

    private func rule(_ rule: String, type: String = "string") -> JSONValue {
        [
            "type": .string(type), "x-kubernetes-preserve-unknown-fields": .bool(type == "object"),
            "x-kubernetes-validations": [["rule": .string(rule)]],
        ]
    }

    @Test(arguments: [
        ("self.startsWith('/')", "/a", true), ("self.startsWith('/')", "a", false),
        ("self.size() > 2 && self.size() <= 3", "abc", true),
        ("size(self) == 2", "äö", true), ("self.trim() == self", " a", false), ("self.trim() == self", "a", true),
        ("!self.split('/').exists(s, s == '..')", "a/../b", false),
        ("!self.split('/').exists(s, s == '..')", "a/b", true),
        ("self.split(', ').all(s, s.size() == 1)", "a, b", true), ("self.matches('^[a-z]+$')", "abc", true),
        ("self.matches('^[a-z]+$')", "abc\n", false), ("self.matches('b')", "abc", true),
        ("self.matches('a|b$')", "xb", true),
        ("!self.matches('[\\\\x00-\\\\x1f\\\\x7f]')", "a\r\nb", false),
        ("!self.matches('[\\\\x00-\\\\x1f\\\\x7f]')", "a\u{7F}", false),
        ("duration(self) > duration('90s')", "1m31s", true), ("duration(self) > duration('90s')", "1m30s", false),
        ("self == 'x' ? true : self == 'y'", "y", true), ("self in ['a', 'b']", "b", true),
        ("type(self) == string", "a", true),
        ("int(self) + 1 == 3", "2", true), ("int(self) == 2", "two", false),
        ("self.endsWith('z') || self.contains('y')", "xyx", true),
        ("self.matches('^x') && duration(self) > duration('1s')", "soon", false),
        ("true || duration(self) == duration('x')", "a", true),
        ("duration(self) > duration('0s') || true", "a", true),
    ])
    func `CEL rules decide`(expression: String, value: String, isAccepted: Bool) throws {
        #expect(try accepts(rule(expression), .string(value)) == isAccepted)
    }

    @Test(
        arguments: [
            ("has(self.a)", ["a": 1], true), ("has(self.a)", ["b": 1], false),
            ("!has(self.a) || self.b == 2", ["a": 1, "b": 2], true),
            ("self.a.b == 1", ["a": ["b": 1]], true), ("self.a.b == 1", ["a": [:]], false),
            ("self.a[0] == 'x'", ["a": ["x"]], true),
            ("self.a.all(k, k != 'y')", ["a": ["y": 1]], false), ("self.a >= 1.5", ["a": 2], true),
        ] as [(String, JSONValue, Bool)])
    func `CEL rules see objects`(expression: String, value: JSONValue, isAccepted: Bool) throws {
        #expect(try accepts(rule(expression, type: "object"), value) == isAccepted)
    }

    @Test(arguments: [
        "self.reverse() == 'x'", "unknown == 1", "self ==", "self.matches(self)", "has(self)", "quantity(self) > 1",
        "self.matches('(')",
    ])
    func `a rule that is not known stops the start and is named`(expression: String) throws {
        let error = #expect(throws: StatusError.self) {
            try makeSimulator { $0.customResourceDefinitions = [definition(rule(expression))] }
        }
        #expect(error?.message.contains(expression) == true, "\(error?.message ?? "")")
        #expect(error?.message.hasPrefix("Thing v1: schema of field") == true, "\(error?.message ?? "")")
    }

    @Test func `a schema keyword that is not known stops the start`() throws {
        let error = #expect(throws: StatusError.self) {
            try makeSimulator { $0.customResourceDefinitions = [definition(["type": "string", "oneOf": []])] }
        }
        #expect(error?.message == "Thing v1: schema of field uses `oneOf`, which is not supported")
    }

    @Test(
        arguments: [
            (["type": "string", "maxLength": 2], "äöü", false), (["type": "string", "maxLength": 3], "äöü", true),
            (["type": "string", "pattern": "^a$"], "a\n", false), (["type": "string", "enum": ["a"]], "b", false),
            (["type": "string", "format": "date-time"], "2026-02-03T04:05:06.789+01:00", true),
            (["type": "string", "format": "date-time"], "yesterday", false), (["type": "integer"], 1.5, false),
            (["type": "integer"], 1.0, true),
            (["type": "integer", "format": "int32"], 3_000_000_000, false),
            (["type": "integer", "maximum": 5], 6, false),
            (["type": "integer", "minimum": 5, "exclusiveMinimum": true], 5, false),
            (["type": "boolean"], "true", false),
            (["type": "array", "maxItems": 1, "items": ["type": "string"]], ["a", "b"], false),
            (["type": "array", "items": ["type": "string"]], ["a", 1], false),
            (["type": "array", "x-kubernetes-list-type": "set", "items": ["type": "string"]], ["a", "a"], false),
            (["x-kubernetes-int-or-string": true], "a", true), (["x-kubernetes-int-or-string": true], 7, true),
            (["x-kubernetes-int-or-string": true], true, false),
            (["type": "object", "additionalProperties": ["type": "string"]], ["a": 1], false),
        ] as [(JSONValue, JSONValue, Bool)])
    func `schemas decide`(schema: JSONValue, value: JSONValue, isAccepted: Bool) throws {
        #expect(try accepts(schema, value) == isAccepted)
    }

    @Test func `a text too long to be matched is no match, and no proof of absence`() throws {
        let long = JSONValue.string(String(repeating: "a", count: 5000))
        #expect(try !accepts(rule("self.matches('a')"), long))
        #expect(try !accepts(rule("!self.matches('b')"), long))
        #expect(try !accepts(["type": "string", "pattern": "a"], long))
    }

    @Test(arguments: ["A", "a_b", "-a", "", String(repeating: "a", count: 254)])
    func `names follow RFC 1123`(name: String) throws {
        #expect(throws: StatusError.self) { try makeSimulator().create(adapter(name)) }
    }

    @Test(arguments: ["[", "{\"a\":1,}", "\"\\u12\"", "01x", "nul", "{} x", String(repeating: "[", count: 10_000)])
    func `broken JSON is refused and harms nothing`(text: String) async throws {
        let answer = try await makeSimulator().answer(
            to: .init(.post, adapters, headers: [.init("Content-Type", "application/json")], body: Array(text.utf8)))
        #expect(answer.status == 400, "\(answer.text)")
    }

    @Test func `YAML that multiplies by aliases is refused`() async throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(throws: StatusError.self) { try JSONValue.documents(yaml: text) }
    }
}
