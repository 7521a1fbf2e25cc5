import DynamicJSON
import Effects
import KubeAPI
import TestSupport
import Testing

struct WriteTests {
    private let key = NamespacedName(namespace: "demo", name: "sql")
    private let script = ScriptedClient([
        { _ in
            .json(
                #"{"apiVersion":"lora-operator.dev/v1alpha1","kind":"LoRAAdapter","metadata":{"name":"sql"},"spec":{"loraPath":"/a"}}"#
            )
        }
    ])

    private func sent() throws -> (line: String, type: String?, body: String) {
        let request = try #require(script.transport.requests.first)
        let path = request.url.replacing("https://api:6443/apis/lora-operator.dev/v1alpha1/namespaces/demo", with: "")
        return (
            "\(request.method.rawValue) \(path)", request.headers.first(named: "Content-Type"),
            String(decoding: request.body ?? [], as: UTF8.self)
        )
    }

    @Test func `84: an apply names its manager and its subresource`() async throws {
        let body: JSONValue = ["status": ["b": 1, "a": "x/y"]]
        _ = try await script.client.apply(
            body, as: TestAdapter.self, key, subresource: "status", fieldManager: "lora-operator")
        #expect(
            try sent() == (
                "PATCH /loraadapters/sql/status?fieldManager=lora-operator&force=true", "application/apply-patch+yaml",
                #"{"status":{"a":"x/y","b":1}}"#
            ))
    }

    @Test func `90: a JSON Patch`() async throws {
        _ = try await script.client.patch(
            TestAdapter.self, key, json: [.test(path: "/a", value: .null), .remove(path: "/b")])
        #expect(
            try sent() == (
                "PATCH /loraadapters/sql", "application/json-patch+json",
                #"[{"op":"test","path":"/a","value":null},{"op":"remove","path":"/b"}]"#
            ))
    }

    @Test func `a merge patch`() async throws {
        let body: JSONValue = ["spec": .null]
        _ = try await script.client.patch(TestAdapter.self, key, merging: body, fieldManager: "m")
        #expect(
            try sent() == ("PATCH /loraadapters/sql?fieldManager=m", "application/merge-patch+json", #"{"spec":null}"#))
    }

    @Test func `a create`() async throws {
        let body: JSONValue = ["kind": "LoRAAdapter"]
        _ = try await script.client.create(body, as: TestAdapter.self, in: "demo")
        #expect(try sent() == ("POST /loraadapters", "application/json", #"{"kind":"LoRAAdapter"}"#))
    }

    @Test func `98: a delete means one incarnation`() async throws {
        try await script.client.delete(TestAdapter.self, key, uid: "u1")
        #expect(
            try sent() == (
                "DELETE /loraadapters/sql", "application/json",
                #"{"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"uid":"u1"}}"#
            ))
    }
}
