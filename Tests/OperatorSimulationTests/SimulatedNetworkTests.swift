import Effects
import OperatorSimulation
import TestSupport
import Testing

/// One server on a simulated network.
struct Fixture: Sendable {
    let simulation: Simulation
    let network: SimulatedNetwork
    let server: Server
    static let authority = "10.0.0.1:8000"

    init(_ simulation: Simulation, _ server: Server = Server()) {
        self.simulation = simulation
        self.server = server
        network = SimulatedNetwork(simulation)
        network.register(server, at: Self.authority)
    }

    func request(_ method: HTTPRequest.Method = .post, options: HTTPOptions = HTTPOptions()) -> HTTPRequest {
        HTTPRequest(method, "http://\(Self.authority)/load?x=1", options: options)
    }

    /// The kind of failure that a request ends with, nil when it is answered or cancelled.
    func failure(options: HTTPOptions = HTTPOptions()) async -> HTTPFailure.Kind? {
        do {
            _ = try await network.send(request(options: options))
            return nil
        } catch {
            return (error as? HTTPFailure)?.kind
        }
    }
}

@Suite struct SimulatedNetworkTests {
    @Test func `a request reaches the handler of its authority without scheme and authority`() throws {
        try simulate { simulation in
            let fixture = Fixture(simulation)
            let reply = try await fixture.network.send(fixture.request())
            #expect(reply.head.status == 200)
            #expect(reply.body == Array("hello".utf8))
            #expect(fixture.server.log.all == ["POST /load?x=1"])
            #expect(simulation.now > .zero && simulation.now < .milliseconds(50))
        }
    }

    @Test(arguments: [
        ("http://10.0.0.1", "10.0.0.1:80"), ("https://kube.test/api", "kube.test:443"), ("http://[::1]:81", "[::1]:81"),
        ("http://[::1]/x", "[::1]:80"),
    ])
    func `a missing port is the scheme's`(url: String, authority: String) throws {
        try simulate { simulation in
            let network = SimulatedNetwork(simulation)
            network.register(Server(), at: authority)
            let reply = try await network.send(HTTPRequest(.get, url))
            #expect(reply.head.status == 200)
        }
    }

    @Test(arguments: ["/v1/models", "ftp://10.0.0.1/", "http://", "http://user@10.0.0.1/"])
    func `a URL that cannot be sent is refused`(url: String) throws {
        try simulate { simulation in
            await #expect(throws: HTTPFailure.self) {
                try await SimulatedNetwork(simulation).send(HTTPRequest(.get, url))
            }
        }
    }

    @Test func `an address without a host swallows packets, a name without one does not resolve`() throws {
        try simulate { simulation in
            let fixture = Fixture(simulation)
            fixture.network.register(nil, at: Fixture.authority)
            #expect(await fixture.failure() == .connectTimeout)
            #expect(simulation.now == .seconds(10))
            let failure = await #expect(throws: HTTPFailure.self) {
                try await fixture.network.send(HTTPRequest(.get, "http://nowhere.test/"))
            }
            #expect(failure?.kind == .nameResolution)
        }
    }

    @Test(arguments: [
        (NetworkFault.refused, HTTPFailure.Kind.connectionRefused, 0), (.blackhole, .connectTimeout, 0),
        (.hang, .requestTimeout, 0), (.answerHangs, .requestTimeout, 1), (.resetBefore, .reset, 0),
        (.resetAfter, .reset, 1), (.truncated(after: 2), .reset, 1), (.slow(.seconds(20)), .requestTimeout, 1),
    ])
    func `each fault has its failure, and the server saw the request or not`(
        fault: NetworkFault, kind: HTTPFailure.Kind, requests: Int
    ) throws {
        try simulate { simulation in
            let fixture = Fixture(simulation)
            fixture.network.inject(fault, at: Fixture.authority)
            #expect(await fixture.failure() == kind)
            #expect(fixture.server.log.all.count == requests)
            #expect(await fixture.failure() == nil, "the fault was for one request")
        }
    }

    @Test func `a slow link delays and does not break`() throws {
        try simulate { simulation in
            let fixture = Fixture(simulation)
            fixture.network.changeLink(to: Fixture.authority) { $0.fault = .slow(.seconds(2)) }
            #expect(await fixture.failure() == nil)
            #expect(simulation.now >= .seconds(4))
            fixture.network.heal()
            let healed = simulation.now
            #expect(await fixture.failure() == nil)
            #expect(simulation.now - healed < .seconds(1))
        }
    }

    @Test func `a request on a kept connection may arrive twice, on a fresh one it does not`() throws {
        try simulate { simulation in
            let fixture = Fixture(simulation)
            fixture.network.changeLink(to: Fixture.authority) { $0.fault = .duplicated }
            var options = HTTPOptions()
            options.connection = .fresh
            #expect(await fixture.failure(options: options) == nil)
            #expect(fixture.server.log.all.count == 1)
            #expect(await fixture.failure() == nil)
            #expect(fixture.server.log.all.count == 3)
        }
    }

    @Test func `a fault can wait for the requests that it is for`() throws {
        try simulate { simulation in
            let fixture = Fixture(simulation)
            fixture.network.inject(.refused, at: Fixture.authority, count: 2) { $0.method == .post }
            _ = try await fixture.network.send(fixture.request(.get))
            #expect(await fixture.failure() == .connectionRefused)
            #expect(await fixture.failure() == .connectionRefused)
            #expect(await fixture.failure() == nil)
        }
    }

    @Test func `the total timeout ends a handler's delay for the client, not for the server`() throws {
        try simulate { simulation in
            let log = Collected<String>()
            let fixture = Fixture(
                simulation,
                Server { _ in
                    try await simulation.sleep(for: .seconds(60))
                    log.append("done")
                    return HTTPResponse(status: 200)
                })
            #expect(await fixture.failure() == .requestTimeout)
            #expect(simulation.now == .seconds(30))
            #expect(log.all.isEmpty)
            try await simulation.sleep(for: .seconds(31))
            #expect(log.all == ["done"])
        }
    }

    @Test func `a stream lives by its idle timeout`() throws {
        try simulate { simulation in
            let fixture = Fixture(simulation, .ticking(every: .seconds(5), count: 3, in: simulation))
            var options = HTTPOptions()
            options.totalTimeout = nil
            options.idleTimeout = .seconds(6)
            #expect(await fixture.failure(options: options) == .idleTimeout)
            #expect(simulation.now > .seconds(21) && simulation.now < .seconds(22))
        }
    }

    @Test func `a body over the limit fails`() throws {
        try simulate { simulation in
            let fixture = Fixture(simulation)
            var options = HTTPOptions()
            options.bodyLimit = 4
            #expect(await fixture.failure(options: options) == .tooLarge)
        }
    }

    @Test func `leaving a stream ends the server's work on it`() throws {
        try simulate { simulation in
            let server = Server.ticking(every: .seconds(5), count: 1_000, in: simulation)
            let fixture = Fixture(simulation, server)
            let first = try await fixture.network.withResponse(to: fixture.request()) { response in
                for try await chunk in response.body { return chunk }
                return []
            }
            #expect(first == Array("tick".utf8))
            try await simulation.sleep(for: .seconds(60))
            #expect(server.log.all == ["POST /load?x=1", "left"])
        }
    }

    @Test func `cancelling a request ends it`() throws {
        try simulate { simulation in
            let fixture = Fixture(simulation)
            fixture.network.changeLink(to: Fixture.authority) { $0.fault = .hang }
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do { _ = try await fixture.network.send(fixture.request()) } catch {
                        return error is CancellationError
                    }
                    return false
                }
                try? await simulation.sleep(for: .seconds(1))
                group.cancelAll()
                #expect(await group.next() == true)
            }
            #expect(simulation.now == .seconds(1))
            #expect(fixture.network.inFlight.isEmpty)
        }
    }

    @Test func `a half open stream gives nothing until the link heals`() throws {
        try simulate { simulation in
            let fixture = Fixture(simulation, .ticking(every: .seconds(5), count: 10, ends: true, in: simulation))
            let log = Collected<String>()
            var options = HTTPOptions()
            options.totalTimeout = nil
            let request = fixture.request(options: options)
            let reader = simulation.spawn {
                try? await fixture.network.withResponse(to: request) { response in
                    for try await _ in response.body { log.append(simulation.now < .seconds(100) ? "early" : "late") }
                }
            }
            try await simulation.sleep(for: .seconds(12))
            fixture.network.changeLink(to: Fixture.authority) { $0.fault = .hang }
            try await simulation.sleep(for: .seconds(100))
            fixture.network.heal()
            await reader.value
            #expect(log.all == Array(repeating: "early", count: 2) + Array(repeating: "late", count: 8))
        }
    }

    @Test func `connections that stand can be reset`() throws {
        try simulate { simulation in
            let fixture = Fixture(simulation, .ticking(every: .seconds(5), count: 10, in: simulation))
            simulation.spawn {
                try? await simulation.sleep(for: .seconds(7))
                fixture.network.resetConnections(to: Fixture.authority)
            }
            #expect(await fixture.failure() == .reset)
            #expect(simulation.now == .seconds(7))
        }
    }

    @Test func `a handler that drops the connection is a reset`() throws {
        try simulate { simulation in
            let fixture = Fixture(simulation, Server { _ in throw HTTPFailure(.reset, "dropped") })
            #expect(await fixture.failure() == .reset)
        }
    }

    @Test func `observers see every step in order`() throws {
        try simulate { simulation in
            let fixture = Fixture(simulation)
            let log = Collected<String>()
            fixture.network.observe { event in
                switch event {
                case .sent: log.append("sent")
                case .received: log.append("received")
                case .answered(_, let status): log.append("answered \(status)")
                case .dropped: log.append("dropped")
                case .ended: log.append("ended")
                }
            }
            _ = await fixture.failure()
            #expect(log.all == ["sent", "received", "answered 200", "ended"])
        }
    }
}

extension Server {
    /// Answers with a stream: the first chunk at once, the others at an interval; notes when it is ended early.
    static func ticking(every interval: Duration, count: Int, ends: Bool = false, in simulation: Simulation) -> Server {
        let ticks = Collected<String>()
        var server = Server()
        let log = server.log
        server.answer = { _ in
            HTTPResponse(
                head: HTTPResponseHead(status: 200),
                body: HTTPBody {
                    guard ticks.all.count < count else {
                        if ends { return nil }
                        try await simulation.clock.sleepForever()
                        return nil
                    }
                    do {
                        try await simulation.sleep(for: interval)
                    } catch {
                        log.append("left")
                        throw error
                    }
                    ticks.append("tick")
                    return Array("tick".utf8)
                })
        }
        return server
    }
}
