import DynamicJSON
import Effects
import KubeSimulator
import Testing

/// Who owns what after server-side applies and updates.
@Suite struct ApplyTests {
    private func configuration(_ spec: JSONValue, _ metadata: JSONValue = [:]) -> JSONValue {
        var metadata = metadata
        metadata["name"] = "a"
        return ["apiVersion": "lora-operator.dev/v1alpha1", "kind": "LoRAAdapter", "metadata": metadata, "spec": spec]
    }

    private func apply(
        _ simulator: KubeSimulator, _ object: JSONValue, by manager: String, force: Bool = false, status: Bool = false
    ) async throws -> KubeSimulator.Answer {
        let path = status ? "\(adapters)/a/status" : "\(adapters)/a"
        return try await simulator.ask(
            .patch, "\(path)?fieldManager=\(manager)&force=\(force)", type: "application/apply-patch+yaml", object)
    }

    private let base: JSONValue = ["loraPath": "/a", "target": ["service": ["name": "vllm"]]]

    @Test func `apply creates what is absent`() async throws {
        let simulator = try makeSimulator()
        let answer = try await apply(simulator, configuration(base), by: "me")
        #expect(answer.status == 201)
        #expect(answer.json["spec", "loading"] == "Eager", "defaults are filled in")
        let fields = answer.json["metadata", "managedFields"]?.arrayValue?.first?["fieldsV1"]
        #expect(
            fields == ["f:spec": ["f:loraPath": [:], "f:target": ["f:service": ["f:name": [:]]]]],
            "defaults are nobody's")
    }

    @Test func `leaving out an owned field removes it, or brings back its default`() async throws {
        let simulator = try makeSimulator()
        var spec = base
        spec["suspend"] = true
        spec["baseModelName"] = "llama"
        _ = try await apply(simulator, configuration(spec, ["labels": ["a": "b"]]), by: "me")
        let answer = try await apply(simulator, configuration(base), by: "me")
        #expect(answer.json["spec", "suspend"] == false)
        #expect(answer.json["spec", "baseModelName"] == nil)
        #expect(answer.json["metadata", "labels"] == nil)
        #expect(answer.json["metadata", "generation"] == 2)
    }

    @Test func `a field that another manager also applied stays`() async throws {
        let simulator = try makeSimulator()
        var spec = base
        spec["baseModelName"] = "llama"
        _ = try await apply(simulator, configuration(spec), by: "one")
        let shared = try await apply(simulator, configuration(["baseModelName": "llama"]), by: "two")
        #expect(shared.status == 200, "equal values are no conflict")
        let answer = try await apply(simulator, configuration(base), by: "one")
        #expect(answer.json["spec", "baseModelName"] == "llama")
        let gone = try await apply(simulator, configuration([:]), by: "two")
        #expect(gone.json["spec", "baseModelName"] == nil)
    }

    @Test func `a conflict names the owner, and force takes the field over`() async throws {
        let simulator = try makeSimulator()
        _ = try await apply(simulator, configuration(base), by: "one")
        let refused = try await apply(simulator, configuration(["loraPath": "/b"]), by: "two")
        #expect(refused.status == 409)
        #expect(refused.json["message"] == "Apply failed with 1 conflict: conflict with \"one\": .spec.loraPath")
        let forced = try await apply(simulator, configuration(["loraPath": "/b"]), by: "two", force: true)
        #expect(forced.json["spec", "loraPath"] == "/b")
        let owners = forced.json["metadata", "managedFields"]?.arrayValue ?? []
        #expect(owners.map { $0["fieldsV1", "f:spec", "f:loraPath"] != nil } == [false, true])
    }

    @Test func `several conflicts are listed by owner`() async throws {
        let simulator = try makeSimulator()
        try simulator.create(adapter("a", path: "/a"), fieldManager: "editor")
        _ = try await apply(simulator, configuration(["baseModelName": "llama"]), by: "one")
        let refused = try await apply(
            simulator, configuration(["loraPath": "/b", "baseModelName": "qwen", "suspend": true]), by: "two")
        let message = """
            Apply failed with 3 conflicts: conflicts with "editor" using lora-operator.dev/v1alpha1:
            - .spec.loraPath
            - .spec.suspend
            conflicts with "one":
            - .spec.baseModelName
            """
        #expect(refused.json["message"]?.stringValue == message)
        #expect(refused.json["details", "causes"]?.arrayValue?.count == 3)
    }

    @Test func `an update takes ownership of what it changed only`() async throws {
        let simulator = try makeSimulator()
        _ = try await apply(simulator, configuration(base), by: "one")
        let patch: JSONValue = ["spec": ["loraPath": "/b"]]
        let answer = try await simulator.ask(
            .patch, "\(adapters)/a?fieldManager=editor", type: "application/merge-patch+json", patch)
        let owners = answer.json["metadata", "managedFields"]?.arrayValue ?? []
        #expect(owners.map { $0["manager"] } == ["one", "editor"])
        #expect(owners.last?["fieldsV1"] == ["f:spec": ["f:loraPath": [:]]])
        #expect(owners.first?["fieldsV1", "f:spec", "f:loraPath"] == nil)
    }

    @Test func `status and spec are owned apart`() async throws {
        let simulator = try makeSimulator()
        _ = try await apply(simulator, configuration(base), by: "one")
        var object = configuration(["loraPath": "/evil"], ["labels": ["evil": "yes"]])
        object["status"] = ["phase": "Ready"]
        let answer = try await apply(simulator, object, by: "one", status: true)
        #expect(answer.json["spec", "loraPath"] == "/a" && answer.json["metadata", "labels"] == nil)
        #expect(answer.json["status", "phase"] == "Ready")
        #expect(answer.json["metadata", "managedFields"]?.arrayValue?.map { $0["subresource"] } == [nil, "status"])
        let again = try await apply(simulator, configuration(base), by: "one")
        #expect(again.json["status", "phase"] == "Ready", "an apply of the spec leaves the status alone")
    }

    @Test func `the last owner of a status leaves the schema's default behind`() async throws {
        let simulator = try makeSimulator()
        _ = try await apply(simulator, configuration(base), by: "one")
        var object = configuration([:])
        object["status"] = ["phase": "Ready", "servers": [["name": "s", "port": 1, "state": "Loaded"]]]
        _ = try await apply(simulator, object, by: "one", status: true)
        object["status"] = [:]
        let answer = try await apply(simulator, object, by: "one", status: true)
        #expect(answer.json["status"] == ["observedGeneration": -1])
    }

    @Test func `finalizers are a set with owners`() async throws {
        let simulator = try makeSimulator()
        _ = try await apply(simulator, configuration(base, ["finalizers": ["x.dev/one"]]), by: "one")
        let both = try await apply(simulator, configuration([:], ["finalizers": ["x.dev/two"]]), by: "two")
        #expect(both.json["metadata", "finalizers"] == ["x.dev/one", "x.dev/two"])
        let rest = try await apply(simulator, configuration([:]), by: "two")
        #expect(rest.json["metadata", "finalizers"] == ["x.dev/one"])
    }

    @Test func `apply needs a field manager and knows no unknown fields`() async throws {
        let simulator = try makeSimulator()
        let anonymous = try await simulator.ask(
            .patch, "\(adapters)/a", type: "application/apply-patch+yaml", configuration(base))
        #expect(anonymous.status == 422)
        var object = configuration(["nonsense": 1])
        let unknown = try await apply(simulator, object, by: "me")
        #expect(unknown.status == 500, "the real server's own words")
        let kind = "failed to create typed patch object (/a; lora-operator.dev/v1alpha1, Kind=LoRAAdapter)"
        #expect(unknown.json["message"]?.stringValue == "\(kind): .spec.nonsense: field not declared in schema")
        object["metadata", "managedFields"] = [["manager": "me"]]
        #expect(try await apply(simulator, object, by: "me").status == 400)
    }

    @Test func `apply reads YAML`() async throws {
        let simulator = try makeSimulator()
        let text = """
            apiVersion: lora-operator.dev/v1alpha1
            kind: LoRAAdapter
            metadata: {name: a}
            spec: {loraPath: /a, target: {service: {name: vllm}}}
            """
        let answer = try await simulator.answer(
            to: HTTPRequest(
                .patch, "\(adapters)/a?fieldManager=me",
                headers: [HTTPHeader("Content-Type", "application/apply-patch+yaml")],
                body: Array(text.utf8)))
        #expect(answer.status == 201, "\(answer.text)")
    }
}
