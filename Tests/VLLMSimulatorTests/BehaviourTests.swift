import Effects
import TestSupport
import Testing
import VLLMSimulator

@Suite(.timeLimit(.minutes(10)))
struct BehaviourTests {
    let time = ManualTime()

    func slowServer() -> SimulatedServer { .make(time: time) { $0.loadDuration = .seconds(60) } }

    @Test func `a load goes on when its client has left`() async throws {
        let server = slowServer()
        await withTaskGroup { group in
            group.addTask { _ = try? await server.load("a", "/a") }
            _ = try? await eventually { time.sleeperCount == 1 }
            group.cancelAll()
        }
        #expect(try await server.listed() == ["base=/models/base"])

        time.advance(by: .seconds(60))

        #expect(try await server.listed() == ["base=/models/base", "a=/a"])
        #expect(server.loadCount(of: "a") == 1)
    }

    @Test func `of two loads of one name the second waits, and finds it loaded`() async throws {
        let server = slowServer()
        let statuses = try await withThrowingTaskGroup { group in
            for _ in 0..<2 { group.addTask { try await server.load("a", "/a").status } }
            #expect(try await eventually { time.sleeperCount == 2 })
            time.advance(by: .seconds(60))
            var statuses: [Int] = []
            for try await status in group { statuses.append(status) }
            return statuses.sorted()
        }

        #expect(statuses == [200, 400])
        #expect(server.mostLoadsAtOnce == 1)
    }

    @Test func `an unload waits for the load of its name`() async throws {
        let server = slowServer()
        try await withThrowingTaskGroup { group in
            group.addTask { _ = try await server.load("a", "/a") }
            #expect(try await eventually { time.sleeperCount == 1 })
            group.addTask {
                let status = try await server.unload("a").status
                #expect(status == 200)
            }
            #expect(try await eventually { time.sleeperCount == 2 })
            time.advance(by: .seconds(60))
            try await group.waitForAll()
        }

        #expect(server.adapters.isEmpty)
    }

    @Test func `loads of different names go on at once`() async throws {
        let server = slowServer()
        try await withThrowingTaskGroup { group in
            for name in ["a", "b"] { group.addTask { _ = try await server.load(name, "/\(name)") } }
            #expect(try await eventually { time.sleeperCount == 2 })
            time.advance(by: .seconds(60))
            try await group.waitForAll()
        }

        #expect(server.mostLoadsAtOnce == 2)
    }

    @Test func `a restart forgets what was loaded, drops requests, and shows in the metrics`() async throws {
        let server = SimulatedServer.make(time: time) { $0.staticAdapters = [("static", "/s")] }
        _ = try await server.load("a", "/a")
        server.reconfigure { $0.loadDuration = .seconds(60) }
        let before = try await server.ask(.get, "/metrics").text
        await withTaskGroup { group in
            group.addTask { await #expect(throws: HTTPFailure.self) { try await server.load("b", "/b") } }
            _ = try? await eventually { time.sleeperCount == 1 }
            time.advance(by: .seconds(1))
            server.restart()
            time.advance(by: .seconds(60))
        }

        #expect(try await server.listed() == ["base=/models/base", "static=/s"])
        #expect(try await server.ask(.get, "/metrics").text != before)
    }

    @Test func `a dead engine shows in health while the list stays`() async throws {
        let server = SimulatedServer.make()
        _ = try await server.load("a", "/a")

        server.setEngine(alive: false)

        #expect(try await server.ask(.get, "/health").status == 503)
        #expect(try await server.listed() == ["base=/models/base", "a=/a"])
        #expect(try await server.load("b", "/b").text.contains("EngineCore encountered an issue"))
        #expect(try await server.complete("a").status == 500)
    }

    @Test func `a request for an evicted adapter whose files are gone ends the server`() async throws {
        let server = SimulatedServer.make()
        for name in ["a", "b", "c"] { _ = try await server.load(name, "/\(name)") }
        server.reconfigure { $0.files = ["/a": .missing, "/c": .missing] }

        #expect(try await server.complete("c").status == 200)
        #expect(server.isListening)
        #expect(try await server.complete("a").text.contains("EngineCore encountered an issue"))

        #expect(!server.isListening)
        await #expect(throws: HTTPFailure.self) { try await server.ask(.get, "/health") }
        server.restart()
        #expect(try await server.listed() == ["base=/models/base"])
    }

    @Test func `an adapter replaced in place is read again at each request`() async throws {
        let server = SimulatedServer.make()
        _ = try await server.load("a", "/1")
        _ = try await server.load("a", "/2", inPlace: true)
        #expect(try await server.complete("a").status == 200)

        server.reconfigure { $0.files = ["/2": .missing] }

        #expect(try await server.complete("a").status == 500)
        #expect(!server.isListening)
    }

    @Test func `several processes answer in turn, each with adapters of its own`() async throws {
        let server = SimulatedServer.make { $0.processes = 2 }
        _ = try await server.load("a", "/a")

        let lists = [try await server.listed().count, try await server.listed().count]

        #expect(lists.sorted() == [1, 2])
    }

    @Test(arguments: [500, 100_000])
    func `a body of any depth is only a bad request`(depth: Int) async throws {
        let deep = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)

        let reply = try await SimulatedServer.make().ask(.post, "/v1/load_lora_adapter", "{\"lora_name\":\(deep)}")

        #expect(reply.status == 400)
    }

    @Test func `a resolver brings back what was unloaded`() async throws {
        let server = SimulatedServer.make {
            $0.resolverDirectory = "/cache"
            $0.files["/cache/a"] = .adapter
        }
        _ = try await server.complete("a")
        _ = try await server.unload("a")

        #expect(try await server.complete("a").status == 200)
        #expect(try await server.listed().last == "a=/cache/a")
    }

    @Test func `the list's times and ids are new each time`() async throws {
        let server = SimulatedServer.make(time: time)
        let first = try await server.ask(.get, "/v1/models").text
        time.advance(by: .seconds(1))

        #expect(try await server.ask(.get, "/v1/models").text != first)
    }

    @Test func `others may load and unload, and requests are counted`() async throws {
        let server = SimulatedServer.make()
        server.loadOutOfBand(name: "a", path: "/x")
        server.loadOutOfBand(name: "a", path: "/y")
        #expect(try await server.listed().last == "a=/y")
        server.unloadOutOfBand(name: "a")
        #expect(try await server.listed().count == 1)

        #expect(server.requestCount(.models) == 2)
        #expect(server.requestCount == 2)
        #expect(server.loadCount(of: "a") == 0)
    }
}
