import DynamicJSON
import Effects
import KubeSimulator
import Testing
import VLLMSimulator

@testable import OperatorSimulation

/// Rows of docs/faults.md about what people do, with the whole operator.
@Suite struct UserFaultTests {
    @Test func `U4: of twenty objects with one name the oldest has it, and each deletion hands it on`() async throws {
        try await inWorld { world in
            for index in 0..<20 {
                try world.createAdapter("a\(index)", spec: spec("/a/\(index)", ["loraName": "sql"]))
                try await world.sleep(2)
            }
            for index in 0..<4 {
                try await world.reaches("Ready", "a\(index)")
                #expect(world.hold(["sql": "/a/\(index)"]))
                for other in index + 1..<20 { try await world.reaches("Conflict", "a\(other)") }
                #expect(world.reason(of: "a19") == "DuplicateName")
                let message = world.adapter("a19")?.object["status", "conditions"]?.text ?? ""
                #expect(message.contains("a\(index)"), "\(message)")
                try world.deleteAdapter("a\(index)")
            }
            #expect(world.loads() == [4, 4, 4])
        }
    }

    @Test
    func `U7: a spec that flips ten times a second for a minute is loaded seldom, and ends as the last edit says`()
        async throws
    {
        try await inWorld(isStormy: true) { world in
            for pod in world.pods { pod.server.reconfigure { $0.loadDuration = .seconds(2) } }
            try world.createAdapter("sql", spec: spec("/a/0"))
            for index in 1...600 {
                try world.editAdapter("sql") { $0["loraPath"] = .string("/a/\(index % 2)") }
                try await world.simulation.sleep(for: .milliseconds(100))
            }
            try world.editAdapter("sql") { $0["loraPath"] = "/a/last" }
            try await world.reaches("Ready")
            #expect(world.hold(["sql": "/a/last"]))
            #expect(world.adapter("sql")?.claims.map(\.root) == ["/a/last"])
            #expect(world.loads().allSatisfy { $0 <= 35 }, "\(world.loads())")
        }
    }

    @Test(arguments: [false, true])
    func `U9: a port of the pods on which nobody listened holds nothing, and all is as before when it was a slip`(
        isDeleted: Bool
    ) async throws {
        try await inWorld(pods: 1) { world in
            world.change { $0.ports = [8001] }
            try world.createPod(services: ["a"])
            try world.createAdapter("sql", spec: spec("/a/sql", ["deletion": ["timeout": "24h"]]))
            try await world.reaches("Ready")
            #expect(world.pods.map(\.port) == [8000, 8001] && world.hold(["sql": "/a/sql"]))
            try world.retarget("a", to: 8001)
            try await world.becomes("nobody listens there on the first") {
                $0.reason("Unreachable") == "ConnectionRefused"
            }
            try await world.sleep(300)
            #expect(world.hold(["sql": "/a/sql"]), "nothing is unloaded before the others are verified")
            if isDeleted {
                try world.deleteAdapter("sql")
                try await world.sleep(60)
                #expect(world.adapter("sql") != nil, "nothing is assumed of a server that is wanted")
            }
            try world.retarget("a", to: nil)
            if isDeleted {
                try await world.becomes("gone") { $0.adapter("sql") == nil }
                #expect(world.hold([:]))
            } else {
                try await world.becomes("as before") {
                    $0.reason("Unreachable") == "Observed" && $0.adapter("sql")?.servers.count == 2
                }
                #expect(world.adapter("sql")?.phase == "Ready" && world.loads() == [1, 1])
            }
        }
    }

    static let orders: [[String]] = [
        ["service", "pods", "adapter"], ["pods", "service", "adapter"], ["adapter", "service", "pods"],
        ["adapter", "pods", "service"], ["namespace"], ["service", "namespace"], ["adapter", "namespace"],
        ["definition", "service", "pods"], ["service", "definition", "pods"], ["pods", "definition", "namespace"],
    ]

    @Test(arguments: orders)
    func `U10, 97: in whatever order everything is deleted, no adapter is left behind`(order: [String]) async throws {
        try await inWorld { world in
            for name in ["sql", "csv"] { try world.createAdapter(name, spec: spec("/a/\(name)")) }
            for name in ["sql", "csv"] { try await world.reaches("Ready", name) }
            let servers = world.pods
            for what in order {
                switch what {
                case "service": try world.deleteService("a")
                case "pods": for pod in world.pods { world.delete(pod, afterTerminating: nil) }
                case "adapter": for name in ["sql", "csv"] { try world.deleteAdapter(name) }
                case "definition": try world.kube.withdraw("loraadapters")
                default: try world.kube.delete("namespaces", name: World.namespace)
                }
                try await world.simulation.sleep(for: .milliseconds(300))
            }
            try await world.sleep(400)
            #expect(world.adapters.isEmpty)
            // Without a Pod nobody may be told from another, and Pods went with their namespace.
            if !order.contains("pods"), !order.contains("namespace") {
                #expect(servers.map(\.adapters.count) == [0, 0, 0])
            }
        }
    }

    @Test func `U11, 102: a finalizer taken away by hand comes back, and other edits of metadata start nothing`()
        async throws
    {
        try await inWorld { world in
            try world.createAdapter("sql", spec: spec())
            try await world.reaches("Ready")
            try await world.sleep(60)
            let (writes, changes) = (world.countKubeRequests { !$0.method.isSafe }, world.changes)
            // U25: as fast as anybody can.
            for index in 0..<500 {
                var object = try #require(world.adapter("sql")?.object)
                object["metadata", "annotations", "stamp"] = .string("\(index)")
                object["metadata", "labels", "team"] = .string("\(index)")
                try world.kube.replace(object)
                try await world.simulation.sleep(for: .milliseconds(20))
            }
            try await world.sleep(30)
            #expect(writes.count == 0 && world.changes == changes)

            var object = try #require(world.adapter("sql")?.object)
            object["metadata", "finalizers"] = nil
            try world.kube.replace(object)
            try await world.becomes("it is back") { $0.adapter("sql")?.hasFinalizer == true }
            #expect(writes.count == 1 && world.changes == changes)
        }
    }

    @Test func `U12, 83, 86, 106: a status written by hand is put right once, and a condition of others stays`()
        async throws
    {
        try await inWorld { world in
            try world.createAdapter("sql", spec: spec())
            try await world.reaches("Ready")
            try await world.sleep(60)
            let right = world.adapter("sql")?.object["status"]
            let writes = world.countKubeRequests { $0.isStatusWrite }
            var object = try #require(world.adapter("sql")?.object)
            object["status", "phase"] = "Failed"
            object["status", "loadedServers"] = 17
            object["status", "servers"] = [["name": "made-up", "port": 1, "state": "Loaded"]]
            try world.kube.replace(object, fieldManager: "somebody")
            try await world.becomes("it is right again") { $0.adapter("sql")?.object["status", "phase"] == "Ready" }
            try await world.sleep(120)
            #expect(world.adapter("sql")?.object["status"] == right)
            #expect((1...2).contains(writes.count), "\(writes.count)")

            let theirs: JSONValue = [
                "type": "Audited", "status": "True", "reason": "Looked", "message": "",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            ]
            let apply: JSONValue = [
                "apiVersion": "lora-operator.dev/v1alpha1", "kind": "LoRAAdapter", "metadata": ["name": "sql"],
                "status": ["conditions": [theirs]],
            ]
            let path = "/apis/lora-operator.dev/v1alpha1/namespaces/demo/loraadapters/sql/status?fieldManager=auditor"
            let answer = try await world.kube.respond(
                to: HTTPRequest(
                    .patch, path, headers: [HTTPHeader("Content-Type", "application/apply-patch+yaml")],
                    body: apply.encoded))
            #expect(answer.head.status == 200)
            try world.editAdapter("sql") { $0["loraPath"] = "/a/next" }
            try await world.becomes("the operator wrote its own") { $0.hold(["sql": "/a/next"]) }
            try await world.reaches("Ready")
            try await world.sleep(30)
            #expect(world.adapter("sql")?.condition("Audited") == "True")
            #expect(world.adapter("sql")?.condition("Ready") == "True")
            writes.reset()
            try await world.sleep(600)
            #expect(writes.count == 0)
        }
    }

    @Test(arguments: ["foregroundDeletion", "orphan", "example.com/theirs"])
    func `U13, 100: finalizers of others are left alone, and nothing is done while theirs remain`(
        finalizer: String
    ) async throws {
        try await inWorld { world in
            try world.kube.create([
                "apiVersion": "lora-operator.dev/v1alpha1", "kind": "LoRAAdapter", "spec": spec(),
                "metadata": [
                    "name": "sql", "namespace": .string(World.namespace), "finalizers": [.string(finalizer)],
                ],
            ])
            try await world.reaches("Ready")
            try world.deleteAdapter("sql")
            try await world.becomes("ours is gone") { $0.adapter("sql")?.hasFinalizer == false }
            #expect(world.hold([:]))
            #expect(world.adapter("sql")?.object["metadata", "finalizers"] == [.string(finalizer)])
            try await world.sleep(5)
            let writes = world.countKubeRequests { !$0.method.isSafe }
            try await world.sleep(1800)
            #expect(writes.count == 0 && world.hold([:]))
        }
    }

    @Test func `U19: a suspension amid a load ends nothing that began, and a deletion is honoured all the same`()
        async throws
    {
        try await inWorld { world in
            for pod in world.pods { pod.server.reconfigure { $0.loadDuration = .seconds(60) } }
            world.pods[2].server.reconfigure { $0.loadDuration = .seconds(1) }
            try world.createAdapter("sql", spec: spec())
            try await world.sleep(20)
            try world.editAdapter("sql") {
                $0["suspend"] = true
                $0["loraPath"] = "/a/next"
            }
            try await world.sleep(120)
            #expect(world.hold(["sql": "/a/sql"]) && world.loads() == [1, 1, 1])
            try world.deleteAdapter("sql")
            try await world.becomes("it is gone") { $0.adapter("sql") == nil }
            #expect(world.hold([:]))
        }
    }

    @Test func `U24, 98: an object made anew two hundred times under its name ends as the last one says`() async throws
    {
        try await inWorld(isStormy: true) { world in
            for index in 0..<200 {
                try world.createAdapter("sql", spec: spec("/a/\(index % 3)"))
                try await world.simulation.sleep(for: .milliseconds(Int64(17 * (index % 40))))
                try world.deleteAdapter("sql")
                try await world.becomes("gone") { $0.adapter("sql") == nil }
            }
            try world.createAdapter("sql", spec: spec("/a/last"))
            try await world.reaches("Ready")
            try await world.sleep(60)
            #expect(world.hold(["sql": "/a/last"]))
        }
    }

    @Test func `U22: servers that all go and come back thirty times are served each time`() async throws {
        try await inWorld { world in
            try world.createAdapter("sql", spec: spec())
            for _ in 0..<30 {
                try await world.reaches("Ready")
                for pod in world.pods { world.delete(pod, afterTerminating: .seconds(2)) }
                try await world.becomes("it waits") { $0.reason() == "NoServers" }
                #expect(world.adapter("sql")?.servers == [])
                try await world.becomes("they are gone") { $0.pods.isEmpty }
                for _ in 0..<3 { try world.createPod(services: ["a"]) }
            }
            try await world.reaches("Ready")
            #expect(world.loads() == [1, 1, 1])
        }
    }
}
