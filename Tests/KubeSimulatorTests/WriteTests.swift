import DynamicJSON
import Effects
import KubeSimulator
import TestSupport
import Testing

@Suite struct WriteTests {
    private func patch(_ simulator: KubeSimulator, _ operations: JSONValue) async throws -> KubeSimulator.Answer {
        try await simulator.ask(.patch, "\(adapters)/a", type: "application/json-patch+json", operations)
    }

    @Test func `JSON Patch adds, replaces, moves, copies and removes`() async throws {
        let simulator = try makeSimulator()
        try simulator.create(adapter("a"))
        let answer = try await patch(
            simulator,
            [
                ["op": "add", "path": "/metadata/labels", "value": ["a": "1", "x.dev/b": "2"]],
                ["op": "add", "path": "/metadata/finalizers", "value": ["x.dev/b"]],
                ["op": "add", "path": "/metadata/finalizers/0", "value": "x.dev/a"],
                ["op": "add", "path": "/metadata/finalizers/-", "value": "x.dev/c"],
                ["op": "remove", "path": "/metadata/finalizers/1"],
                ["op": "copy", "from": "/metadata/labels/a", "path": "/metadata/labels/c"],
                ["op": "move", "from": "/metadata/labels/x.dev~1b", "path": "/metadata/labels/d"],
                ["op": "test", "path": "/spec/suspend", "value": false],
                ["op": "replace", "path": "/spec/suspend", "value": true],
            ])
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json["metadata", "finalizers"] == ["x.dev/a", "x.dev/c"])
        #expect(answer.json["metadata", "labels"] == ["a": "1", "c": "1", "d": "2"])
        #expect(answer.json["spec", "suspend"] == true)
    }

    @Test(
        arguments: [
            ["op": "test", "path": "/spec/suspend", "value": true], ["op": "remove", "path": "/spec/none"],
            ["op": "replace", "path": "/spec/none", "value": 1],
            ["op": "add", "path": "/metadata/finalizers/-", "value": "x.dev/a"],
            ["op": "add", "path": "spec", "value": 1], ["op": "dance", "path": "/spec"],
            ["op": "copy", "from": "/x", "path": "/spec/y"],
        ] as [JSONValue])
    func `a JSON Patch that does not fit is 422 and changes nothing`(operation: JSONValue) async throws {
        let simulator = try makeSimulator()
        try simulator.create(adapter("a"))
        let version = simulator.resourceVersion
        let answer = try await patch(
            simulator, [["op": "replace", "path": "/spec/loraPath", "value": "/b"], operation])
        #expect(answer.status == 422)
        #expect(simulator.resourceVersion == version)
    }

    @Test func `a JSON Patch that doubles itself is stopped`() async throws {
        let simulator = try makeSimulator()
        try simulator.create(adapter("a"))
        let double: JSONValue = ["op": "copy", "from": "/spec", "path": "/spec/again"]
        let deep = try await patch(simulator, .array(Array(repeating: double, count: 200)))
        #expect([413, 422].contains(deep.status))
        let wide = (0..<60).map {
            JSONValue.object(["op": "copy", "from": "/metadata", "path": .string("/metadata/x\($0)")])
        }
        #expect([413, 422].contains(try await patch(simulator, .array(wide)).status))
    }

    @Test func `strategic merge patches merge keyed lists and obey directives`() async throws {
        let simulator = try makeSimulator()
        try simulator.create([
            "apiVersion": "v1", "kind": "Service", "metadata": ["name": "s", "namespace": "default"],
            "spec": ["ports": [["name": "a", "port": 1], ["name": "b", "port": 2]], "selector": ["app": "x"]],
        ])
        let body: JSONValue = [
            "spec": [
                "$setElementOrder/ports": [["port": 2], ["port": 3]],
                "ports": [["port": 1, "$patch": "delete"], ["port": 2, "name": "bb"], ["port": 3, "name": "c"]],
                "selector": ["$patch": "replace", "app": "y"],
            ]
        ]
        let type = "application/strategic-merge-patch+json"
        let answer = try await simulator.ask(.patch, "/api/v1/namespaces/default/services/s", type: type, body)
        #expect(answer.json["spec", "ports"]?.arrayValue?.map { $0["name"] } == ["bb", "c"], "\(answer.text)")
        #expect(answer.json["spec", "selector"] == ["app": "y"])
        let custom = try await simulator.ask(.patch, "\(adapters)/a", type: type, body)
        #expect(custom.status == 415)
    }

    @Test func `only spec changes make a new generation`() async throws {
        let simulator = try makeSimulator()
        try simulator.create(adapter("a"))
        func generation(_ target: String, _ body: JSONValue) async throws -> JSONValue? {
            let answer = try await simulator.ask(.patch, target, type: "application/merge-patch+json", body)
            return answer.json["metadata", "generation"]
        }
        #expect(try await generation("\(adapters)/a", ["metadata": ["labels": ["x": "y"]]]) == 1)
        #expect(try await generation("\(adapters)/a/status", ["status": ["phase": "Ready"]]) == 1)
        #expect(try await generation("\(adapters)/a", ["status": ["phase": "Lost"]]) == 1)
        #expect(try await generation("\(adapters)/a", ["spec": ["suspend": true]]) == 2)
        #expect(simulator.get("loraadapters", namespace: "default", name: "a")?["status", "phase"] == "Ready")
    }

    @Test func `a replacement needs the resourceVersion that it was made from`() async throws {
        let simulator = try makeSimulator()
        var object = try simulator.create(adapter("a"))
        let blind = try await simulator.ask(.put, "\(adapters)/a", adapter("a"))
        #expect(blind.status == 422)
        object["spec", "suspend"] = true
        #expect(try await simulator.ask(.put, "\(adapters)/a", object).status == 200)
        #expect(try await simulator.ask(.put, "\(adapters)/a", object).status == 409)
        object["metadata", "uid"] = "00000000-0000-0000-0000-000000000000"
        #expect(try await simulator.ask(.put, "\(adapters)/a", object).status == 409)
    }

    @Test func `nothing can be created in a namespace that is absent or going away`() async throws {
        let simulator = try makeSimulator()
        let elsewhere = adapters.replacing("default", with: "nowhere")
        let absent = try await simulator.ask(.post, elsewhere, adapter("a", in: "nowhere"))
        #expect(absent.status == 404)
        #expect(absent.json["message"] == "namespaces \"nowhere\" not found")
        #expect(try await simulator.ask(.get, elsewhere).json["items"] == [])
        try simulator.create(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "nowhere"]])
        var held = adapter("held", in: "nowhere")
        held["metadata", "finalizers"] = ["x.dev/hold"]
        try simulator.create(held)
        try simulator.create(adapter("free", in: "nowhere"))
        try simulator.delete("namespaces", name: "nowhere")
        #expect(simulator.list("loraadapters").map { $0["metadata", "name"] } == ["held"])
        #expect(try await simulator.ask(.post, elsewhere, adapter("late", in: "nowhere")).status == 403)
        let free: JSONValue = ["metadata": ["finalizers": .null]]
        _ = try await simulator.ask(.patch, "\(elsewhere)/held", type: "application/merge-patch+json", free)
        #expect(simulator.get("namespaces", name: "nowhere") == nil, "the last object takes the namespace along")
    }

    @Test func `loopback endpoints need the switch`() async throws {
        let slice: JSONValue = [
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": ["name": "s", "namespace": "default"],
            "addressType": "IPv4", "endpoints": [["addresses": ["127.0.0.1"]]], "ports": [["port": 1]],
        ]
        #expect(throws: StatusError.self) { try makeSimulator().create(slice) }
        try makeSimulator { $0.allowsLoopbackEndpoints = true }.create(slice)
    }

    @Test func `an event is one object in two groups`() async throws {
        let simulator = try makeSimulator()
        let core: JSONValue = [
            "apiVersion": "v1", "kind": "Event", "metadata": ["name": "e", "namespace": "default"], "reason": "Started",
            "message": "it began", "involvedObject": ["kind": "Pod", "name": "p", "namespace": "default"], "count": 2,
            "source": ["component": "kubelet"], "type": "Normal",
        ]
        #expect(try await simulator.ask(.post, "/api/v1/namespaces/default/events", core).status == 201)
        let new = try await simulator.ask(.get, "/apis/events.k8s.io/v1/namespaces/default/events/e")
        #expect(
            new.json["note"] == "it began" && new.json["regarding", "kind"] == "Pod" && new.json["deprecatedCount"] == 2
        )
        let selector = "fieldSelector=involvedObject.kind%3DPod,involvedObject.name%3Dp"
        let old = try await simulator.ask(.get, "/api/v1/namespaces/default/events?\(selector)")
        #expect(old.json["items"]?.arrayValue?.first?["message"] == "it began", "\(old.text)")
        let other = try await simulator.ask(
            .get, "/api/v1/namespaces/default/events?\(selector.replacing("%3Dp", with: "%3Dq"))")
        #expect(other.json["items"] == [])
    }

    @Test func `events are forgotten after an hour`() async throws {
        let time = SkippingTime()
        let simulator = try KubeSimulator(time: time, random: SeededRandom())
        func happen(_ name: String) throws {
            try simulator.create([
                "apiVersion": "v1", "kind": "Event", "metadata": ["name": .string(name), "namespace": "default"],
                "involvedObject": ["namespace": "default"],
            ])
        }
        try happen("early")
        try await time.sleep(for: .seconds(1800))
        try happen("later")
        try await time.sleep(for: .seconds(1900))
        try happen("last")
        #expect(simulator.list("events").map { $0["metadata", "name"] } == ["last", "later"])
    }

    @Test func `a snapshot brings everything back`() async throws {
        let simulator = try makeSimulator()
        try simulator.create(adapter("a"))
        try simulator.create([
            "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "key", "namespace": "default"],
        ])
        let snapshot = simulator.snapshot()
        let other = try makeSimulator()
        try other.restore(snapshot)
        #expect(other.list("secrets").count == 1)
        let restored = other.get("loraadapters", namespace: "default", name: "a")
        #expect(
            restored?["metadata", "uid"]
                == simulator.get("loraadapters", namespace: "default", name: "a")?["metadata", "uid"])
        #expect((UInt64(other.resourceVersion) ?? 0) >= (UInt64(simulator.resourceVersion) ?? .max))
        #expect(throws: StatusError.self) { try other.restore(["nonsense": 1]) }
    }

    @Test func `without the secret prefix there is nothing`() async throws {
        let simulator = try makeSimulator { $0.pathPrefix = "/secret" }
        #expect(try await simulator.ask(.get, adapters).status == 404)
        #expect(try await simulator.ask(.get, "/secretive\(adapters)").status == 404)
        #expect(try await simulator.ask(.get, "/secret\(adapters)").status == 200)
    }

    @Test func `objects above the limit are refused`() async throws {
        let simulator = try makeSimulator { $0.objectLimit = 6 }
        try simulator.create(adapter("a"))
        let answer = try await simulator.ask(.post, adapters, adapter("b"))
        #expect(answer.status == 429 && answer.headers.first(named: "Retry-After") != nil)
    }
}
