import Effects
import TestSupport
import Testing
import VLLMSimulator

@Suite(.timeLimit(.minutes(10)))
struct FaultTests {
    let time = ManualTime()

    @Test func `a lost answer means done, a dropped request means not done`() async throws {
        let server = SimulatedServer.make()
        server.inject(.loseAnswer, on: .load, times: 1)
        await #expect(throws: HTTPFailure.self) { try await server.load("a", "/a") }
        server.inject(.drop, on: .load, times: 2)
        for _ in 0..<2 { await #expect(throws: HTTPFailure.self) { try await server.load("b", "/b") } }

        #expect(try await server.listed() == ["base=/models/base", "a=/a"])
        #expect(try await server.load("b", "/b").status == 200)
        #expect(server.requestCount(.load) == 4)
        #expect(server.loadCount(of: "b") == 1)
    }

    @Test func `a pretended load or unload is confirmed and not done`() async throws {
        let server = SimulatedServer.make()
        server.inject(.pretend, on: .load, times: 1)
        #expect(try await server.load("a", "/a").status == 200)
        #expect(server.adapters.isEmpty)

        _ = try await server.load("a", "/a")
        server.setIgnoresUnloads(true)
        #expect(try await server.unload("a").status == 200)
        #expect(try await server.listed().last == "a=/a")
    }

    @Test func `a slow answer comes, a hanging one does not`() async throws {
        let server = SimulatedServer.make(time: time)
        server.inject(.slow(.seconds(5)), on: .health, times: 1)
        server.inject(.hang, on: .models)
        try await withThrowingTaskGroup { group in
            group.addTask {
                let status = try await server.ask(.get, "/health").status
                #expect(status == 200)
            }
            #expect(try await eventually { time.sleeperCount == 1 })
            time.advance(by: .seconds(5))
            try await group.waitForAll()
        }

        await withTaskGroup { group in
            group.addTask { await #expect(throws: CancellationError.self) { try await server.listed() } }
            for _ in 0..<3 {
                _ = try? await eventually { time.sleeperCount == 1 }
                time.advance(by: .seconds(3600))
            }
            group.cancelAll()
        }
        server.clearFaults()
        #expect(try await server.listed().count == 1)
    }

    @Test func `an answer that is not vLLM's`() async throws {
        let server = SimulatedServer.make()
        server.inject(.html, times: 1)
        server.inject(.redirect(to: "http://10.0.0.1/"), times: 1)

        let html = try await server.ask(.get, "/v1/models")
        #expect(html.status == 200)
        #expect(html.head["content-type"] == "text/html")
        let redirect = try await server.ask(.get, "/v1/models")
        #expect(redirect.status == 307)
        #expect(redirect.head["location"] == "http://10.0.0.1/")
        #expect(try await server.listed().count == 1)
    }

    @Test(arguments: [
        (SimulatedFault.endlessBody, HTTPFailure.Kind.tooLarge), (.cutBody, .reset),
    ])
    func `a body that does not end well`(fault: SimulatedFault, kind: HTTPFailure.Kind) async throws {
        let server = SimulatedServer.make()
        server.inject(fault, on: .models)

        let failure = await #expect(throws: HTTPFailure.self) { try await server.ask(.get, "/v1/models") }

        #expect(failure?.kind == kind)
    }
}
