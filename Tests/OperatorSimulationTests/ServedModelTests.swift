import DynamicJSON
import FoundationEssentials
import KubeSimulator
import TestSupport
import Testing
import VLLMSimulator

@testable import OperatorSimulation

/// ServedModels of the whole operator, in virtual time.
@Suite struct ServedModelTests {
    @Test func `a server off the network for an hour keeps its model and adapters, and one that forgot is repaired`()
        async throws
    {
        try await inWorld { world in
            try world.createAdapter("sql", spec: Self.spec)
            try await world.reaches("three servers") { $0.summary == "3/3 1+0" && $0.phase == "Ready" }
            world.pods[0].server.loadOutOfBand(name: "mine", path: "/x/mine")
            try await world.reaches("the unmanaged one is named") { $0.summary == "3/3 1+1" }
            #expect(world.model?["status", "adapters", "unmanaged"] == [["id": "mine", "root": "/x/mine"]])
            #expect(world.model?["status", "version"]?.stringValue?.hasPrefix("0.") == true)
            #expect(
                world.model?["metadata", "ownerReferences"]?.arrayValue?.first?["uid"]
                    == world.kube.get("services", namespace: World.namespace, name: "a")?["metadata", "uid"])

            // Off the network, with all that it holds.
            let lost = world.pods[0]
            world.network.changeLink(to: lost.authority) { $0.fault = .blackhole }
            world.network.resetConnections(to: lost.authority)
            try await world.reaches("it is marked unreachable") { $0.summary == "2/3 1+1" && $0.unreachable == "True" }
            #expect(world.condition("Unreachable")?["message"]?.stringValue?.contains(lost.name) == true)
            try await world.reaches("in the adapter too") { $0.phase == "Degraded" }
            let marked = (world.model, world.adapter("sql")?.object)
            try await world.simulation.sleep(for: .seconds(1800))
            world.killOperator()
            try await world.simulation.sleep(for: .seconds(1800))
            #expect(world.summary == "2/3 1+1" && world.unreachable == "True", "also after the operator's own restart")
            #expect(world.model?["metadata", "uid"] == marked.0?["metadata", "uid"], "nothing was tombstoned")
            #expect(world.model?["metadata", "deletionTimestamp"] == nil)
            let object = world.adapter("sql")?.object
            for field in ["id", "parent", "root", "claims", "phase"] {
                #expect(object?["status", field] == marked.1?["status", field], "\(field)")
            }
            #expect(object?["metadata", "deletionTimestamp"] == nil)

            // It comes back and answers without the adapter: not a new container, so that its list alone says it.
            lost.server.restart()
            world.network.changeLink(to: lost.authority) { $0.fault = nil }
            try await world.reaches("it is repaired") { $0.summary == "3/3 1+0" && $0.phase == "Ready" }
            #expect(lost.adapters == ["sql": "/a/sql"])
        }
    }

    @Test func `at rest nothing is asked but the probes and nothing written, and a labelled Service needs no adapter`()
        async throws
    {
        try await inWorld { world in
            var service = try #require(world.kube.get("services", namespace: World.namespace, name: "a"))
            service["metadata", "labels", "lora-operator.dev/discover"] = "true"
            try world.kube.replace(service)
            try await world.reaches("it is discovered") { $0.summary == "3/3 0+0" }
            try await world.simulation.sleep(for: .seconds(120))
            let (version, requests) = (world.kube.resourceVersion, world.requests)
            try await world.simulation.sleep(for: .seconds(3000))
            #expect(world.kube.resourceVersion == version, "no write")
            let rounds = Double(world.requests - requests) / 6
            #expect((99...101).contains(rounds), "two requests for each of three servers every 30 s")

            service["metadata", "resourceVersion"] = nil
            service["metadata", "labels", "lora-operator.dev/discover"] = nil
            try world.kube.replace(service)
            try await world.reaches("nothing selects it any more") { $0.model == nil }
            let now = world.requests
            try await world.simulation.sleep(for: .seconds(300))
            #expect(world.requests == now, "and nothing is asked any more")
        }
    }

    @Test func `an object of that name made by somebody else is left alone`() async throws {
        try await inWorld { world in
            let foreign: JSONValue = [
                "apiVersion": "lora-operator.dev/v1alpha1", "kind": "ServedModel",
                "metadata": ["name": .string(Self.name), "namespace": .string(World.namespace)],
            ]
            let made = try world.kube.create(foreign)
            try world.createAdapter("sql", spec: Self.spec)
            try await world.reaches("the adapter is ready") { $0.phase == "Ready" }
            try await world.simulation.sleep(for: .seconds(60))
            #expect(world.model == made)
        }
    }

    private static let spec: JSONValue = ["loraPath": "/a/sql", "target": ["service": ["name": "a"]]]
    /// FNV-1a 64 of "tiny".
    static let name = "a-1e4989ef2e"
}

extension World {
    var model: JSONValue? { kube.list("servedmodels", namespace: Self.namespace).first }

    /// Servers, managed and unmanaged adapters: `3/3 1+0`.
    var summary: String {
        guard let status = model?["status"] else { return "none" }
        let adapters = status["adapters"]
        let (managed, others) = (adapters?["managed"]?.intValue ?? -1, adapters?["unmanagedCount"]?.intValue ?? -1)
        return "\(status["servers"]?.stringValue ?? "") \(managed)+\(others)"
    }

    var unreachable: String { condition("Unreachable")?["status"]?.stringValue ?? "" }

    var phase: String { adapter("sql")?.phase ?? "" }

    func condition(_ type: String) -> JSONValue? {
        model?["status", "conditions"]?.arrayValue?.first { $0["type"]?.stringValue == type }
    }

    /// Requests to servers so far.
    var requests: Int {
        pods.reduce(0) { $0 + $1.server.requestCount }
    }

    func reaches(
        _ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ holds: (World) -> Bool
    ) async throws {
        for _ in 0..<900 where !holds(self) { try await simulation.sleep(for: .seconds(1)) }
        try #require(
            holds(self), "\(what): \(model?.text ?? "no model") \(adapter("sql")?.object.text ?? "")",
            sourceLocation: sourceLocation)
    }
}
