import Effects
import OperatorSimulation
import TestSupport
import Testing

@Suite struct SimulatedProcessTests {
    @Test func `effects are numbered and reads are not`() throws {
        try simulate { simulation in
            let fixture = Fixture(simulation)
            let process = SimulatedProcess("operator-1", in: simulation)
            let http = ProcessTransport(fixture.network, process: process)
            let log = Collected<String>()
            fixture.network.observe { event in
                if case .received(let exchange) = event { log.append(exchange.label) }
            }
            for method in [HTTPRequest.Method.post, .get, .patch] { _ = try await http.send(fixture.request(method)) }
            #expect(process.effects == 2)
            #expect(
                log.all == [
                    "operator-1 POST 10.0.0.1:8000/load?x=1 #1", "operator-1 GET 10.0.0.1:8000/load?x=1",
                    "operator-1 PATCH 10.0.0.1:8000/load?x=1 #2",
                ])
        }
    }

    @Test(arguments: [(false, 1), (true, 2)])
    func `a process can be killed right before and right after an effect`(isAfter: Bool, seen: Int) throws {
        try simulate { simulation in
            let fixture = Fixture(simulation)
            let process = SimulatedProcess(
                "operator-1", in: simulation, crashPoint: CrashPoint(effect: 2, isAfter: isAfter))
            let http = ProcessTransport(fixture.network, process: process)
            let log = Collected<String>()
            process.start {
                _ = try await http.send(fixture.request())
                log.append("first answer")
                _ = try await http.send(fixture.request())
                log.append("second answer")
            }
            #expect(try await process.waitForExit() == .killed)
            try await simulation.sleep(for: .seconds(100))
            #expect(log.all == ["first answer"])
            #expect(fixture.server.log.all.count == seen)
            #expect(process.hasEnded)
        }
    }

    @Test func `nothing that a dead process sends takes effect and everything that it awaits fails`() throws {
        try simulate { simulation in
            let log = Collected<String>()
            let fixture = Fixture(
                simulation,
                Server { _ in
                    try await simulation.sleep(for: .seconds(10))
                    log.append("the server finished what it had begun")
                    return HTTPResponse(status: 200)
                })
            let process = SimulatedProcess("operator-1", in: simulation)
            let http = ProcessTransport(fixture.network, process: process)
            process.start {
                do { _ = try await http.send(fixture.request()) } catch { log.append("\(type(of: error))") }
                // Code that ignores its cancellation.
                do { _ = try await http.send(fixture.request()) } catch { log.append("\(type(of: error)) again") }
            }
            try await simulation.sleep(for: .seconds(5))
            process.kill()
            #expect(try await process.waitForExit() == .killed)
            try await simulation.sleep(for: .seconds(100))
            #expect(
                log.all == ["CancellationError", "CancellationError again", "the server finished what it had begun"])
            #expect(fixture.server.log.all.count == 1)
        }
    }

    @Test func `a request still on its way when its process dies never arrives`() throws {
        try simulate { simulation in
            let fixture = Fixture(simulation)
            fixture.network.changeLink(to: Fixture.authority) { $0.latency = .seconds(1) ... .seconds(1) }
            let process = SimulatedProcess("operator-1", in: simulation)
            let http = ProcessTransport(fixture.network, process: process)
            process.start { _ = try await http.send(fixture.request()) }
            try await simulation.sleep(for: .milliseconds(1_500))
            process.kill()
            try await simulation.sleep(for: .seconds(10))
            #expect(fixture.server.log.all.isEmpty)
        }
    }

    @Test func `a process that ends by itself tells how`() throws {
        try simulate { simulation in
            let sound = SimulatedProcess("a", in: simulation)
            sound.start {}
            let soundExit = try await sound.waitForExit()
            #expect(soundExit == .returned)
            let broken = SimulatedProcess("b", in: simulation)
            broken.start { throw HTTPFailure(.tls, "no trust") }
            let brokenExit = try await broken.waitForExit()
            #expect(brokenExit == .threw("no trust"))
            let stopped = SimulatedProcess("c", in: simulation)
            stopped.start { try? await simulation.clock.sleepForever() }
            stopped.stop()
            let stoppedExit = try await stopped.waitForExit()
            #expect(stoppedExit == .returned)
        }
    }
}
