import AdapterController
import DynamicJSON
import Effects
import KubeSimulator
import TestSupport
import Testing
import VLLMSimulator

@testable import OperatorSimulation

/// What the whole operator tells of odd servers, in virtual time.
@Suite(.serialized) struct SemanticsTests {
    private static let spec: JSONValue = ["loraPath": "/a/sql", "target": ["service": ["name": "a"]]]

    @Test func `V20: a name that somebody keeps unloading is a ConflictingWriter, tried ever more rarely`() async throws
    {
        try await inWorld(pods: 0) { world in
            try world.createPod(services: ["a"])
            try world.createAdapter("sql", spec: Self.spec)
            try await world.reaches("ready") { $0.phase == "Ready" }
            let pod = world.pods[0]
            world.simulation.spawn {
                // Not a moment: the list that confirms the load is to see it.
                while (try? await world.simulation.sleep(for: .seconds(10))) != nil {
                    if pod.adapters["sql"] != nil { pod.server.unloadOutOfBand(name: "sql") }
                }
            }
            try await world.reaches("it is told") { $0.phase == "Conflict" && $0.reason == "ConflictingWriter" }
            #expect(world.events("DriftRepaired") == 1, "three repairs, a series of one event")
            #expect(world.events("Conflict") == 1)
            let (loads, start) = (pod.server.loadCount(of: "sql"), world.simulation.now)
            try await world.simulation.sleep(for: .seconds(3600))
            let later = pod.server.loadCount(of: "sql") - loads
            #expect((8...16).contains(later), "\(later) loads in the hour after \(start)")
        }
    }

    @Test(arguments: [Duration.zero, .seconds(20)])
    func `89: a repair is told when it is done, or when it takes more than a second`(loadTime: Duration) async throws {
        try await inWorld { world in
            try world.createPod(services: ["a"])
            try world.createAdapter("sql", spec: Self.spec)
            try await world.reaches("ready") { $0.phase == "Ready" }
            let (pod, version) = (world.pods[0], world.version)
            pod.server.reconfigure { $0.loadDuration = loadTime }
            pod.server.unloadOutOfBand(name: "sql")
            try await world.becomes("there again") { _ in pod.adapters["sql"] != nil }
            try await world.simulation.sleep(for: .seconds(2))
            #expect(world.events("DriftRepaired") == 1 && world.phase == "Ready")
            #expect((world.version == version) == (loadTime == .zero), "a write only where there was time to read it")
        }
    }

    @Test func `V39: a server that answers from several processes is named, does not flap, and is left alone`()
        async throws
    {
        try await inWorld(pods: 0) { world in
            try world.createPod(services: ["a"]) { server in
                (server.version, server.processes) = (VLLMVersion(0, 10, 1), 3)
            }
            try world.createAdapter("sql", spec: Self.spec)
            try await world.reaches("it is told") { $0.reason == "InconsistentReplica" }
            #expect(world.adapter("sql")?.condition("Ready") == "Unknown" && world.phase == "Unreachable")
            try await world.simulation.sleep(for: .seconds(60))
            let (version, loads) = (world.version, world.pods[0].server.loadCount(of: "sql"))
            try await world.simulation.sleep(for: .seconds(3600))
            #expect(
                world.reason == "InconsistentReplica" && world.version == version, "no write in an hour")
            #expect(world.pods[0].server.loadCount(of: "sql") == loads, "nothing is sent blindly")
        }
    }

    @Test func `InPlace on a vLLM that does not know it is InPlaceUnsupported, and keeps the old path`() async throws {
        try await inWorld(pods: 0) { world in
            try world.createPod(services: ["a"]) { $0.version = VLLMVersion(0, 10, 1) }
            var spec = Self.spec
            spec["update"] = ["strategy": "InPlace"]
            try world.createAdapter("sql", spec: spec)
            try await world.reaches("ready") { $0.phase == "Ready" }
            try world.editAdapter("sql") { $0["loraPath"] = "/a/sql-v2" }
            try await world.reaches("it is told") { $0.phase == "Failed" && $0.reason == "InPlaceUnsupported" }
            #expect(world.pods[0].adapters == ["sql": "/a/sql"])
            try world.editAdapter("sql") { $0["update"] = ["strategy": "Recreate"] }
            try await world.reaches("and the way out helps") { $0.phase == "Ready" }
            #expect(world.pods[0].adapters == ["sql": "/a/sql-v2"])
        }
    }

    @Test(arguments: [(VLLMVersion(0, 15), 1), (VLLMVersion(0, 31), 0)])
    func `a new path under the old name warns of stale cache blocks where there are some, once`(
        version: VLLMVersion, count: Int
    ) async throws {
        try await inWorld(pods: 0) { world in
            for _ in 0..<3 { try world.createPod(services: ["a"]) { $0.version = version } }
            try world.createAdapter("sql", spec: Self.spec)
            try await world.reaches("ready") { $0.phase == "Ready" }
            try world.editAdapter("sql") { $0["loraPath"] = "/a/sql-v2" }
            try await world.reaches("the new path") {
                $0.phase == "Ready" && $0.pods.allSatisfy { $0.adapters == ["sql": "/a/sql-v2"] }
            }
            try await world.simulation.sleep(for: .seconds(60))
            #expect(world.events("StalePrefixCache") == count && world.events("Loaded") <= 2)
        }
    }

    @Test func `V31: a server with more adapters than the flag says is warned of once, and holds them all`()
        async throws
    {
        try await inWorld(pods: 0, configure: { $0.maxAdaptersPerServer = 2 }) { world in
            try world.createPod(services: ["a"])
            for name in ["one", "two", "sql"] {
                try world.createAdapter(
                    name, spec: ["loraPath": .string("/a/\(name)"), "target": ["service": ["name": "a"]]])
                try await world.reaches(name) { $0.adapter(name)?.phase == "Ready" }
            }
            try await world.simulation.sleep(for: .seconds(60))
            let told = world.events("CapacityExceeded")
            #expect(world.events("CapacityExceeded", of: "sql") == 1 && told <= 3, "each object on the server, once")
            world.killOperator()
            try await world.simulation.sleep(for: .seconds(300))
            #expect(world.phase == "Ready" && world.pods[0].adapters.count == 3)
            #expect(world.events("CapacityExceeded") == told, "a restart is no news")
        }
    }

    @Test func `V31: a limit that the server tells counts as well`() async throws {
        try await inWorld(pods: 0) { world in
            try world.createPod(services: ["a"]) { $0.maxLoras = 1 }
            try world.createAdapter("one", spec: ["loraPath": "/a/one", "target": ["service": ["name": "a"]]])
            try await world.reaches("one") { $0.adapter("one")?.phase == "Ready" }
            // The metric that tells it appears with the first request.
            let body = #"{"model": "one", "prompt": "x"}"#
            let request = HTTPRequest(
                .post, "/v1/completions", headers: [HTTPHeader("Content-Type", "application/json")],
                body: Array(body.utf8))
            _ = try await world.pods[0].server.respond(to: request)
            try world.createAdapter("sql", spec: Self.spec)
            try await world.reaches("two") { $0.phase == "Ready" && $0.events("CapacityExceeded") > 0 }
        }
    }

    @Test func `a key over plain http is warned of once`() async throws {
        try await inWorld(pods: 0) { world in
            try world.createPod(services: ["a"])
            try world.kube.create([
                "apiVersion": "v1", "kind": "Secret",
                "metadata": ["name": "key", "namespace": .string(World.namespace)], "data": ["token": "a2V5"],
            ])
            var spec = Self.spec
            spec["target", "apiKeySecretRef"] = ["name": "key", "key": "token"]
            try world.createAdapter("sql", spec: spec)
            try await world.reaches("ready") { $0.phase == "Ready" && $0.events("KeyOverPlaintext") == 1 }
            world.killOperator()
            try await world.simulation.sleep(for: .seconds(300))
            try world.editAdapter("sql") { $0["loraPath"] = "/a/sql-v2" }
            try await world.simulation.sleep(for: .seconds(300))
            #expect(world.phase == "Ready" && world.events("KeyOverPlaintext") == 1)
        }
    }

    @Test func `V19: what somebody had loaded is adopted, told once, and unloaded with its object`() async throws {
        try await inWorld(pods: 0) { world in
            try world.createPod(services: ["a"])
            world.pods[0].server.loadOutOfBand(name: "sql", path: "/a/sql")
            try world.createAdapter("sql", spec: Self.spec)
            try await world.reaches("ready") { $0.phase == "Ready" && $0.events("Adopted") == 1 }
            #expect(world.pods[0].server.loadCount(of: "sql") == 0)
            try await world.simulation.sleep(for: .seconds(120))
            #expect(world.events("Adopted") == 1)
            try world.deleteAdapter("sql")
            try await world.reaches("gone") { $0.adapter("sql") == nil }
            #expect(world.pods[0].adapters.isEmpty)
        }
    }
}

extension World {
    /// Reason of the condition `Ready` of the adapter `sql`.
    var reason: String {
        let conditions = adapter("sql")?.object["status", "conditions"]?.arrayValue ?? []
        return conditions.first { $0["type"]?.stringValue == "Ready" }?["reason"]?.stringValue ?? ""
    }

    /// resourceVersion of the adapter `sql`.
    var version: String { adapter("sql")?.object["metadata", "resourceVersion"]?.stringValue ?? "" }

    /// How many events of that reason there are, of one object or of all.
    func events(_ reason: String, of object: String? = nil) -> Int {
        kube.list("events", namespace: Self.namespace).count { event in
            event["reason"]?.stringValue == reason
                && (object == nil || event["regarding", "name"]?.stringValue == object)
        }
    }
}
