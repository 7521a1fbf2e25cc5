import CurlHTTP
import Effects
import Logging
import Synchronization
import TestSupport
import Testing
import VLLMAPI
import VLLMSimulator

/// The client through libcurl against simulated servers on real sockets.
@Suite(.timeLimit(.minutes(10)))
struct SocketTests {
    let server = SimulatedServer(ServerConfiguration(), time: SystemTime(), random: SystemRandom())

    @Test func `an adapter is loaded, found and unloaded`() async throws {
        try await withClient { client in
            try await client.health()
            try await client.load(name: "a", path: "/a", timeout: .seconds(60))
            #expect(try await client.models().adapters.map(\.root) == ["/a"])
            try await client.unload(name: "a", timeout: .seconds(10))
            #expect(try await client.models().adapters.isEmpty)
        }
    }

    @Test func `a server that is down refuses, and is there again when it is up`() async throws {
        try await withClient { client in
            try await client.health()
            server.goDown()
            #expect(
                try await eventually { await vllmError { try await client.health() }?.reason == .connectionRefused })
            server.comeUp()
            #expect(try await eventually { await vllmError { try await client.health() } == nil })
        }
    }

    @Test func `a load whose answer is lost is sent once, and may have been done`() async throws {
        try await withClient { client in
            server.inject(.loseAnswer, on: .load)

            let error = await vllmError { try await client.load(name: "a", path: "/a", timeout: .seconds(60)) }

            #expect(error?.reason == .connectionReset)
            #expect(error?.outcomeIsUnknown == true)
            #expect(server.loadCount(of: "a") == 1)
            let list = try await client.models()
            #expect(list.adapters.map(\.id) == ["a"])
        }
    }

    @Test func `a server that restarts between two reads is asked again without a failure`() async throws {
        try await withClient { client in
            try await client.health()
            server.inject(.drop, on: .health, times: 1)

            try await client.health()

            #expect(server.requestCount(.health) >= 3)
        }
    }

    @Test(
        arguments: [
            (.hang, .requestTimeout), (.endlessBody, .responseTooLarge), (.cutBody, .connectionReset),
            (.html, .notVLLM), (.wrongJSON, .invalidResponse), (.truncatedJSON, .invalidResponse),
            (.redirect(to: "http://127.0.0.1:1/"), .unexpectedRedirect), (.drop, .connectionReset),
        ] as [(SimulatedFault, VLLMError.Reason)])
    func `a list that does not come is a reason, never an empty list`(
        fault: SimulatedFault, reason: VLLMError.Reason
    ) async throws {
        try await withClient(
            timeouts: VLLMTimeouts(read: reason == .requestTimeout ? .milliseconds(200) : .seconds(90))
        ) { client in
            server.inject(fault, on: .models)

            #expect(await vllmError { _ = try await client.models() }?.reason == reason)
        }
    }

    @Test func `a slow load ends at its own timeout, and goes on in the server`() async throws {
        server.reconfigure { $0.loadDuration = .seconds(3) }
        try await withClient { client in
            let error = await vllmError { try await client.load(name: "a", path: "/a", timeout: .milliseconds(1500)) }

            #expect(error?.reason == .requestTimeout)
            #expect(error?.outcomeIsUnknown == true)
            let isLoaded = try await eventually { try await client.models().adapters.map(\.id) == ["a"] }
            #expect(isLoaded)
            #expect(server.loadCount(of: "a") == 1)
        }
    }

    @Test func `a hundred servers are loaded at once`() async throws {
        let servers = (0..<100).map { _ in
            SimulatedServer(ServerConfiguration(), time: SystemTime(), random: SystemRandom())
        }
        let http = CurlTransport()
        try await withFleet(servers) { ports in
            try await withThrowingTaskGroup { group in
                for port in ports {
                    group.addTask {
                        let client = VLLMClient(endpoint: VLLMEndpoint(baseURL: "http://127.0.0.1:\(port)"), http: http)
                        try await client.health()
                        try await client.load(name: "a", path: "/a", timeout: .seconds(20))
                        return try await client.models().adapters.count
                    }
                }
                for try await count in group { #expect(count == 1) }
            }
        }
        #expect(servers.allSatisfy { $0.requestCount == 3 })
    }

    private func withClient(
        timeouts: VLLMTimeouts = VLLMTimeouts(connect: .seconds(60), read: .seconds(60)),
        _ body: (VLLMClient) async throws -> Void
    ) async throws {
        try await withFleet([server]) { ports in
            let endpoint = VLLMEndpoint(baseURL: "http://127.0.0.1:\(ports[0])")
            try await body(VLLMClient(endpoint: endpoint, http: CurlTransport(), timeouts: timeouts))
        }
    }

    private func withFleet(_ servers: [SimulatedServer], _ body: ([Int]) async throws -> Void) async throws {
        let fleet = VLLMFleet(servers.map { VLLMFleet.Member($0) }, logger: Logger(label: "test"))
        let (bound, continuation) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup { group in
            group.addTask { try await fleet.run { continuation.yield($1) } }
            var ports: [Int] = []
            for await port in bound {
                ports.append(port)
                if ports.count == servers.count { break }
            }
            try await body(ports)
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
