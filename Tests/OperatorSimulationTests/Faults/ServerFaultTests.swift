import DynamicJSON
import KubeSimulator
import Testing
import VLLMSimulator

@testable import OperatorSimulation

/// Rows of docs/faults.md about servers, with the whole operator.
@Suite struct ServerFaultTests {
    @Test func `V3: a load of 290 seconds is sent once, and everything else goes on`() async throws {
        try await inWorld { world in
            let slow = world.pods[0]
            slow.server.reconfigure { $0.loadDuration = .seconds(290) }
            try world.createAdapter("sql", spec: spec())
            try await world.sleep(20)
            #expect(world.pods.map(\.adapters.count) == [0, 1, 1])
            #expect(world.adapter("sql")?.condition("Reconciling") == "True")
            try world.createAdapter("csv", spec: spec("/a/csv"))
            try await world.sleep(20)
            #expect(world.pods.map(\.adapters.count) == [0, 2, 2], "the other servers and the other adapter go on")
            try world.editAdapter("sql") { $0["loraPath"] = "/a/next" }
            try await world.sleep(200)
            #expect(slow.server.loadCount(of: "sql") == 1)
            slow.server.reconfigure { $0.loadDuration = .seconds(1) }
            try await world.becomes("the edit follows") { $0.hold(["sql": "/a/next", "csv": "/a/csv"]) }
            #expect(slow.server.loadCount(of: "sql") <= 2 && slow.server.loadCount(of: "csv") == 1)
        }
    }

    @Test func `V4: a load that outlives its timeout is looked up, and found`() async throws {
        try await inWorld(pods: 1) { world in
            world.pods[0].server.reconfigure { $0.loadDuration = .seconds(80) }
            try world.createAdapter("sql", spec: spec("/a/sql", ["loadTimeout": "1m"]))
            try await world.becomes("it is told") { $0.reason() == "LoadTimedOut" }
            try await world.reaches("Ready")
            #expect(world.loads() == [1])
        }
    }

    @Test(arguments: [10, 70])
    func `V4: what an object sent before it went is not sent again by the next one`(age: Int) async throws {
        try await inWorld(pods: 1) { world in
            world.pods[0].server.reconfigure { $0.loadDuration = .seconds(100) }
            let spec = spec("/a/sql", ["loadTimeout": "1m", "deletion": ["policy": "Orphan"]])
            try world.createAdapter("sql", spec: spec)
            try await world.sleep(age)
            try world.deleteAdapter("sql")
            try await world.becomes("it has gone") { $0.adapter("sql") == nil }
            // Nobody watches the server for a while.
            try await world.sleep(10)
            try world.createAdapter("sql", spec: spec)
            try await world.reaches("Ready")
            #expect(world.loads() == [1])
        }
    }

    @Test func `V4: a load that may still come is not sent again with another key`() async throws {
        try await inWorld(pods: 1) { world in
            try world.kube.create([
                "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "key", "namespace": "demo"],
                "data": ["token": "a2V5"],
            ])
            let target: JSONValue = ["service": ["name": "a"], "apiKeySecretRef": ["name": "key", "key": "token"]]
            try world.createAdapter("older", spec: spec("/a/older", ["loadTimeout": "1m", "target": target]))
            try await world.reaches("Ready", "older")
            world.pods[0].server.reconfigure { $0.loadDuration = .seconds(100) }
            try world.createAdapter("sql", spec: spec("/a/sql", ["loadTimeout": "1m"]))
            try await world.sleep(30)
            try world.editAdapter("older") { spec in
                spec["loraName"] = "sql"
                spec["loraPath"] = "/a/sql"
            }
            try await world.reaches("Ready", "older")
            #expect(world.loads() == [1])
        }
    }

    @Test func `V5, V6, V32: a server that refuses every load is asked less and less, and hinders no other`()
        async throws
    {
        try await inWorld { world in
            let error = SimulatedFault.answer(status: 500, contentType: "text/plain", body: "Internal Server Error")
            world.pods[0].server.inject(error, on: .load)
            try world.createAdapter("sql", spec: spec())
            try await world.becomes("the others have it") { $0.pods.dropFirst().allSatisfy { $0.adapters.count == 1 } }
            try await world.sleep(3600)
            // 5, 10, 20 and so on to 300 seconds.
            let refusals = world.pods[0].server.requestCount(.load)
            #expect((10...25).contains(refusals))
            #expect(Array(world.loads().dropFirst()) == [1, 1])
            #expect(world.adapter("sql")?.phase == "Degraded")
            // Since vLLM 0.18 a 500 says that the adapter could not be loaded.
            #expect(world.reason() == "InvalidAdapter")
            world.pods[0].server.clearFaults()
            try await world.reaches("Ready")
        }
    }

    @Test func `V7, 137: a server that hangs keeps no other waiting`() async throws {
        try await inWorld { world in
            try world.createAdapter("sql", spec: spec())
            try await world.reaches("Ready")
            world.pods[0].server.inject(.hang, on: .load)
            for index in 0..<12 { try world.createAdapter("a\(index)", spec: spec("/a/\(index)")) }
            try await world.sleep(30)
            #expect(world.pods.map(\.adapters.count) == [1, 13, 13])
            #expect(world.pods[0].server.requestCount(.load) == 2, "one load waits, and no second one beside it")
            world.pods[0].server.clearFaults()
            world.pods[0].server.restart()
            try await world.becomes("all are there") { $0.pods.allSatisfy { $0.adapters.count == 13 } }
        }
    }

    @Test func `V8, A21: a load whose answer is lost is sent once, and believed by the list`() async throws {
        try await inWorld { world in
            for pod in world.pods { pod.server.inject(.loseAnswer, on: .load) }
            try world.createAdapter("sql", spec: spec())
            try await world.reaches("Ready")
            #expect(world.loads() == [1, 1, 1])
        }
    }

    static let noLists: [(answer: SimulatedFault, reason: String)] = [
        (.html, ""), (.wrongJSON, ""), (.truncatedJSON, ""),
        (.json(""), ""), (.json("null"), ""), (.json("[]"), ""), (.json("{}"), ""), (.json(#"{"data": {}}"#), ""),
        (.json(#"{"object": "list", "data": []}"#), ""), (.json(#"{"object": "list", "data": [{"id": 7}]}"#), ""),
        (.json(#"{"object": "list", "data": [7, null]}"#), ""),
        (.json(String(repeating: "[", count: 100_000)), ""),
        (.json(#"{"object": "list", "data": [{"id": ""# + String(repeating: "x", count: 20 << 20) + #""}]}"#), ""),
        (.endlessBody, "ResponseTooLarge"), (.cutBody, "ConnectionReset"), (.drop, "ConnectionReset"),
        (.redirect(to: "http://10.0.0.2:8000/v1/models"), "UnexpectedRedirect"),
        (.answer(status: 404, contentType: "application/json", body: #"{"detail":"Not Found"}"#), ""),
        (.answer(status: 500, contentType: "text/plain", body: "oops"), "ServerError"), (.hang, ""),
    ]

    private static let reasons: Set = ["NotVLLM", "InvalidResponse", "ResponseTooLarge", "RequestTimeout"]

    @Test(arguments: noLists.indices)
    func `V9, V10, V11, V12, V13, V14: what is no list is silence, and nothing is loaded or unloaded for it`(
        index: Int
    ) async throws {
        let (answer, reason) = Self.noLists[index]
        try await inWorld { world in
            try world.createAdapter("sql", spec: spec())
            try await world.reaches("Ready")
            let changes = world.changes
            let asked = world.pods[1].server.requestCount
            world.pods[0].server.inject(answer, on: .models)
            try await world.reaches("Degraded")
            let why = world.reason()
            let isExpected = reason.isEmpty ? Self.reasons.contains(why) : why == reason
            #expect(isExpected, "\(why)")
            try await world.sleep(300)
            #expect(world.changes == changes)
            let root = world.adapter("sql")?.object["status", "root"]
            #expect(root == "/a/sql" && world.adapter("sql")?.condition("Unreachable") == "True")
            // Two questions every 30 s of its own, and none that the first one sent it.
            #expect(world.pods[1].server.requestCount - asked <= 30)
            world.pods[0].server.clearFaults()
            try await world.reaches("Ready")
            #expect(world.changes == changes)
        }
    }

    @Test func `V29: a load that is confirmed and not done is never Ready, and tried again with pauses`() async throws {
        try await inWorld(pods: 1) { world in
            world.pods[0].server.inject(.pretend, on: .load)
            try world.createAdapter("sql", spec: spec())
            try await world.becomes("it is told") { $0.reason() == "LoadNotConfirmed" }
            try await world.sleep(1800)
            #expect(world.pods[0].server.requestCount(.load) < 20)
            world.pods[0].server.clearFaults()
            try await world.reaches("Ready")
        }
    }

    @Test(arguments: [ServerTrouble.refusingChanges, .ignoringUnloads])
    func `V33, V34, 187, 96: an unload that never succeeds ends with the deletion's timeout`(
        trouble: ServerTrouble
    ) async throws {
        try await inWorld { world in
            try world.createAdapter("sql", spec: spec())
            try await world.reaches("Ready")
            trouble.begin(on: world.pods[0].server)
            let start = world.simulation.now
            try world.deleteAdapter("sql")
            try await world.becomes("it is gone") { $0.adapter("sql") == nil }
            let time = world.simulation.now - start
            #expect((.seconds(300)...(.seconds(320))).contains(time), "\(time)")
            #expect(world.pods.map(\.adapters.count) == [1, 0, 0], "the others are clean")
            #expect((2...12).contains(world.pods[0].server.requestCount(.unload)))
        }
    }

    @Test(arguments: ["delete", "edit", "in place"])
    func `what somebody put under the name since the last list is not taken away`(by way: String) async throws {
        try await inWorld { world in
            try world.createAdapter("sql", spec: spec("/a/sql"))
            try await world.reaches("Ready")
            // Into the quiet between two probes.
            try await world.sleep(40)
            let pod = try #require(world.pods.first)
            let theirs = Entry(name: "sql", root: "/a/theirs")
            world.loadOutOfBand(theirs, on: pod)
            if way == "delete" {
                try world.deleteAdapter("sql")
                try await world.becomes("it is gone") { $0.adapters.isEmpty }
            } else {
                try world.editAdapter("sql") { spec in
                    spec["loraPath"] = "/a/new"
                    spec["update"] = ["strategy": way == "edit" ? "Recreate" : "InPlace"]
                }
                try await world.becomes("it is told") { $0.reason() == "ForeignAdapter" }
            }
            #expect(pod.entries == [theirs])
        }
    }

    @Test func `V35: a readiness that flaps loads nothing again and is not written down each time`() async throws {
        try await inWorld { world in
            try world.createAdapter("sql", spec: spec())
            try await world.reaches("Ready")
            try await world.sleep(60)
            let (changes, writes) = (world.changes, world.countKubeRequests { $0.isStatusWrite })
            for _ in 0..<150 {
                world.pods[0].change { $0.isReady.toggle() }
                world.publishLater(world.pods[0])
                try await world.sleep(2)
            }
            #expect(world.changes == changes && writes.count == 0, "\(writes.count) writes")
        }
    }

    @Test func `V38: seventeen servers that come at once are loaded at once, each by one load at a time`() async throws
    {
        try await inWorld(pods: 1) { world in
            for index in 0..<4 { try world.createAdapter("a\(index)", spec: spec("/a/\(index)")) }
            for index in 0..<4 { try await world.reaches("Ready", "a\(index)") }
            for _ in 0..<17 { try world.createPod(services: ["a"]) }
            for pod in world.pods { pod.server.reconfigure { $0.loadDuration = .seconds(10) } }
            try await world.sleep(60)
            #expect(world.pods.allSatisfy { $0.adapters.count == 4 }, "\(world.pods.map(\.adapters.count))")
            #expect(world.pods.allSatisfy { $0.server.mostLoadsAtOnce == 1 })
        }
    }

    @Test func `N13: servers that are cut off for ten minutes are told as such, and nothing storms when they return`()
        async throws
    {
        try await inWorld { world in
            try world.createAdapter("sql", spec: spec())
            try await world.reaches("Ready")
            let changes = world.changes
            for pod in world.pods {
                world.network.changeLink(to: pod.authority) { $0.fault = .blackhole }
                world.network.resetConnections(to: pod.authority)
            }
            try await world.reaches("Unreachable")
            #expect(world.adapter("sql")?.condition("Ready") == "Unknown")
            try await world.sleep(600)
            let asked = world.requests
            for pod in world.pods { world.network.changeLink(to: pod.authority) { $0.fault = nil } }
            try await world.reaches("Ready")
            #expect(world.changes == changes && world.requests - asked < 20)
        }
    }
}

extension SimulatedFault {
    static func json(_ body: String) -> SimulatedFault {
        .answer(status: 200, contentType: "application/json", body: body)
    }
}
