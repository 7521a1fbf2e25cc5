import DynamicJSON
import Effects
import KubeSimulator
import Synchronization
import Testing
import VLLMSimulator

@testable import OperatorSimulation

/// Rows of docs/faults.md about the API server, with the whole operator.
@Suite struct APIServerFaultTests {
    @Test(arguments: [
        Fault.status(410), .status(504, retryAfter: 1), .page(502, contentType: "text/html", text: "<p>"),
    ])
    func `A4, A5, A8: a server that refuses every read for ten minutes is asked seldom, and believed soon after`(
        fault: Fault
    ) async throws {
        try await inWorld { world in
            try world.createAdapter("sql", spec: spec())
            try await world.reaches("Ready")
            let reads = world.countKubeRequests { $0.isCollectionRead }
            world.breakKube(fault) { $0.isCollectionRead }
            try world.editAdapter("sql") { $0["loraPath"] = "/a/next" }
            try await world.sleep(600)
            // Five kinds are read, each a quarter of a time a second at most, and twice at the beginning.
            #expect(reads.count < 600 * 5 / 4 + 20, "\(reads.count) reads")
            #expect(world.hold(["sql": "/a/sql"]), "nothing is taken away on no news")
            world.kube.setFault(nil)
            try await world.sleep(40)
            #expect(world.hold(["sql": "/a/next"]))
        }
    }

    @Test func `A7: where only writes are refused for too many requests, watches go on and nothing is asked in haste`()
        async throws
    {
        try await inWorld { world in
            try world.createAdapter("sql", spec: spec())
            try await world.reaches("Ready")
            let writes = world.countKubeRequests { !$0.method.isSafe }
            world.kube.setFault { $0.method.isSafe ? nil : .status(429, retryAfter: 30) }
            for pod in world.pods { pod.server.unloadOutOfBand(name: "sql") }
            try await world.becomes("repaired without a word") { $0.hold(["sql": "/a/sql"]) }
            try await world.sleep(300)
            #expect(writes.count < 60, "\(writes.count)")
            world.kube.setFault(nil)
            try await world.reaches("Ready")
        }
    }

    @Test func `A19, 76: while everybody else is faster, writes come less and less often, and no user hears of it`()
        async throws
    {
        try await inWorld { world in
            let writes = world.countKubeRequests { $0.isStatusWrite }
            world.kube.setFault { $0.isStatusWrite ? .status(409) : nil }
            try world.createAdapter("sql", spec: spec())
            try await world.sleep(60)
            // 1, 2, 4, 8, 16 and then every 30 seconds.
            #expect((4...12).contains(writes.count))
            #expect(world.changes == 0, "no load without its claim")
            world.kube.setFault(nil)
            try await world.reaches("Ready")
            #expect(world.reason() == "Loaded")
        }
    }

    @Test(arguments: [422, 400, 413])
    func `A23, 77: a write that is refused for what it says waits a minute, or for a change`(code: Int) async throws {
        try await inWorld { world in
            try world.createAdapter("sql", spec: spec())
            try await world.reaches("Ready")
            let writes = world.countKubeRequests { $0.isStatusWrite }
            world.kube.setFault { $0.isStatusWrite ? .status(code) : nil }
            world.pods[0].server.unloadOutOfBand(name: "sql")
            try await world.becomes("repaired all the same") { $0.hold(["sql": "/a/sql"]) }
            writes.reset()
            try world.editAdapter("sql") { $0["loadTimeout"] = "4m" }
            try await world.sleep(2)
            #expect(writes.count >= 1, "a change is tried at once")
            try await world.sleep(600)
            #expect(writes.count <= 14, "\(writes.count)")
            world.kube.setFault(nil)
            try await world.reaches("Ready")
        }
    }

    @Test(arguments: ["pods", "endpointslices", "services", "loraadapters"])
    func `A25, 75: what may no longer be read stays as it was, and the rest goes on`(resource: String) async throws {
        try await inWorld { world in
            try world.createAdapter("sql", spec: spec())
            try await world.reaches("Ready")
            world.breakKube(.status(403)) { $0.method.isSafe && $0.url.contains("/\(resource)") }
            try await world.sleep(120)
            #expect(world.adapter("sql")?.phase == "Ready")
            world.pods[1].server.unloadOutOfBand(name: "sql")
            try await world.becomes("it is repaired") { $0.hold(["sql": "/a/sql"]) }
            world.kube.setFault(nil)
            try world.editAdapter("sql") { $0["loraPath"] = "/a/next" }
            try await world.becomes("and heals by itself") { $0.hold(["sql": "/a/next"]) }
        }
    }

    @Test func `A26, U21: a definition that is deleted takes its adapters along, and one that comes back is served`()
        async throws
    {
        try await inWorld { world in
            for name in ["sql", "csv"] { try world.createAdapter(name, spec: spec("/a/\(name)")) }
            try await world.reaches("Ready", "csv")
            try await world.reaches("Ready")
            try world.kube.withdraw("loraadapters")
            try await world.becomes("all are gone") { $0.adapters.isEmpty && $0.hold([:]) }
            let reads = world.countKubeRequests { $0.url.contains("/loraadapters") }
            try await world.sleep(3600)
            #expect(reads.count < 400, "\(reads.count) in an hour, at most 30 s apart")
            world.kube.reinstate("loraadapters")
            try world.createAdapter("sql", spec: spec("/a/again"))
            try await world.reaches("Ready")
            #expect(world.hold(["sql": "/a/again"]))
        }
    }

    @Test(arguments: [Fault.status(403), .status(500), .stall])
    func `A28: where a webhook keeps the finalizer away, nothing is loaded`(fault: Fault) async throws {
        try await inWorld { world in
            let patches = world.countKubeRequests { $0.isFinalizerPatch }
            world.kube.setFault { $0.isFinalizerPatch ? fault : nil }
            try world.createAdapter("sql", spec: spec())
            try await world.sleep(900)
            #expect(world.changes == 0)
            #expect((2...40).contains(patches.count), "\(patches.count)")
            world.kube.setFault(nil)
            try await world.reaches("Ready")
        }
    }

    @Test func `A29: where a webhook strips the finalizer, nothing is loaded and nobody is asked in haste`()
        async throws
    {
        try await inWorld { world in
            let patches = world.countKubeRequests { $0.isFinalizerPatch }
            world.network.register(Stripper(kube: world.kube), at: World.kubeAuthority)
            try world.createAdapter("sql", spec: spec())
            try await world.sleep(600)
            #expect(world.changes == 0)
            #expect((2...12).contains(patches.count))
            world.network.register(world.kube, at: World.kubeAuthority)
            try await world.reaches("Ready")
        }
    }

    @Test func `A39: pods that are told of a minute late are served a minute late`() async throws {
        try await inWorld { world in
            world.breakKube(.lag(.seconds(60))) { $0.url.contains("/pods") || $0.url.contains("/endpointslices") }
            try world.createAdapter("sql", spec: spec())
            try await world.becomes("those it knows") { $0.hold(["sql": "/a/sql"]) }
            try world.createPod(services: ["a"])
            world.delete(world.pods[0], afterTerminating: nil)
            try await world.sleep(150)
            #expect(world.pods.count == 3 && world.hold(["sql": "/a/sql"]))
            try await world.reaches("Ready")
            #expect(world.adapter("sql")?.object["status", "ready"] == "3/3")
        }
    }

    @Test func `A40: where the API server answers one short request at a time, all is done, only later`() async throws {
        try await inWorld { world in
            world.network.register(OneAtATime(world: world), at: World.kubeAuthority)
            world.network.resetConnections(to: World.kubeAuthority)
            for index in 0..<20 { try world.createAdapter("a\(index)", spec: spec("/a/\(index)")) }
            for index in 0..<20 { try await world.reaches("Ready", "a\(index)") }
            #expect(world.loads(of: "a7") == [1, 1, 1])
        }
    }

    /// Takes the finalizer out of every patch that brings it: what is left changes nothing.
    private struct Stripper: HTTPHandler {
        let kube: KubeSimulator

        func respond(to request: HTTPRequest) async throws -> HTTPResponse {
            guard request.isFinalizerPatch,
                let object = kube.get("loraadapters", namespace: World.namespace, name: "sql")
            else { return try await kube.respond(to: request) }
            let headers = [HTTPHeader("Content-Type", "application/json")]
            return HTTPResponse(status: 200, headers: headers, body: object.encoded)
        }
    }

    /// Half a second for each request but watches.
    private final class OneAtATime: HTTPHandler {
        private let world: World
        private let free = Mutex(Duration.zero)

        init(world: World) { self.world = world }

        func respond(to request: HTTPRequest) async throws -> HTTPResponse {
            if !request.url.contains("watch=true") {
                let now = world.simulation.now
                let turn = free.withLock { free in
                    free = max(free, now) + .milliseconds(500)
                    return free
                }
                try await world.simulation.sleep(for: turn - now)
            }
            return try await world.kube.respond(to: request)
        }
    }
}
