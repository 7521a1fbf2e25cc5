import Effects
import Logging
import Synchronization
import TestSupport
import Testing
import VLLMSimulator

@Suite(.timeLimit(.minutes(10)))
struct VLLMFleetTests {
    let get = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n"

    @Test func `each server has its socket, and loses it while it is down`() async throws {
        let servers = [SimulatedServer.make(), SimulatedServer.make()]
        try await withFleet(servers) { ports in
            let first = try RawClient(port: ports[0])
            first.send(get)
            #expect(try await first.receives("HTTP/1.1 200 "))

            servers[0].goDown()

            #expect(try await first.isClosed())
            #expect(try await eventually { (try? RawClient(port: ports[0])) == nil })
            let second = try RawClient(port: ports[1])
            second.send(get)
            #expect(try await second.receives("HTTP/1.1 200 "))

            servers[0].comeUp()

            #expect(
                try await eventually {
                    guard let again = try? RawClient(port: ports[0]) else { return false }
                    again.send(get)
                    return try await again.receives("HTTP/1.1 200 ")
                })
        }
    }

    @Test func `a restart closes the connections that there were`() async throws {
        let server = SimulatedServer.make()
        try await withFleet([server]) { ports in
            let client = try RawClient(port: ports[0])
            client.send(get)
            #expect(try await client.receives("HTTP/1.1 200 "))

            server.restart()

            #expect(try await client.isClosed())
            #expect(try await eventually { (try? RawClient(port: ports[0])) != nil })
        }
    }

    @Test func `a server that an adapter without files ends is gone`() async throws {
        let server = SimulatedServer.make()
        _ = try await server.load("a", "/a", inPlace: true)
        server.reconfigure { $0.files["/a"] = .missing }
        try await withFleet([server]) { ports in
            let client = try RawClient(port: ports[0])
            let body = #"{"model":"a","prompt":"x"}"#
            client.send(
                "POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                    + "content-length: \(body.utf8.count)\r\n\r\n\(body)")

            #expect(try await client.isClosed())
            #expect(try await eventually { (try? RawClient(port: ports[0])) == nil })
        }
    }

    private func withFleet(_ servers: [SimulatedServer], _ body: ([Int]) async throws -> Void) async throws {
        // None is closed for being idle.
        let fleet = VLLMFleet(
            servers.map { VLLMFleet.Member($0) }, idleTimeout: .seconds(3600), logger: Logger(label: "test"))
        let bound = Bound()
        try await withThrowingTaskGroup { group in
            group.addTask { try await fleet.run { index, port in bound.set(index, port) } }
            #expect(try await eventually { bound.ports.count == servers.count })
            try await body(bound.ports.sorted { $0.key < $1.key }.map(\.value))
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private final class Bound: Sendable {
        private let state = Mutex<[Int: Int]>([:])

        var ports: [Int: Int] { state.withLock { $0 } }

        func set(_ index: Int, _ port: Int) { state.withLock { $0[index] = port } }
    }
}
