import CurlHTTP
import Effects
import TestSupport
import Testing

/// Every way in which nothing comes, and that each is told apart.
///
/// A request has no other limit than the one under test, so that ending at all is the proof; a loaded machine may be late.
struct TimeoutTests {
    private func fail(
        _ url: String, _ change: (inout HTTPOptions) -> Void
    ) async throws -> (failure: HTTPFailure?, took: Duration) {
        try await withTransport { transport async throws in
            let start = ContinuousClock.now
            let request = HTTPRequest.get(url) {
                $0.connectTimeout = .seconds(3600)
                $0.totalTimeout = nil
                change(&$0)
            }
            let failure = try await transport.failure(of: request)
            return (failure, ContinuousClock.now - start)
        }
    }

    @Test func `a refused connection fails at once and says so`() async throws {
        let port = try unusedPort()
        let (failure, _) = try await fail("http://127.0.0.1:\(port)/x?token=secret") { _ in }
        #expect(
            failure
                == HTTPFailure(
                    .connectionRefused, "could not connect to 127.0.0.1 port \(port): connection refused"))
    }

    @Test func `a connection nobody accepts ends with the connect timeout`() async throws {
        let silence = try UnresponsivePort()
        let (failure, took) = try await fail("http://127.0.0.1:\(silence.port)/") {
            $0.connectTimeout = .milliseconds(300)
        }
        #expect(failure?.kind == .connectTimeout)
        #expect(failure?.message == "could not connect to 127.0.0.1 port \(silence.port) within 300 ms")
        // Libcurl counts whole milliseconds.
        #expect(took >= .milliseconds(298))
    }

    @Test func `a total timeout while connecting is a connect timeout, since nothing was sent`() async throws {
        let silence = try UnresponsivePort()
        let (failure, _) = try await fail("http://127.0.0.1:\(silence.port)/") { $0.totalTimeout = .milliseconds(300) }
        #expect(failure?.kind == .connectTimeout)
        #expect(failure?.mayHaveBeenReceived == false)
    }

    @Test func `a TLS handshake nobody answers ends with the connect timeout`() async throws {
        try await RawServer.serving({ $0.waitForClose() }) { server async throws in
            let (failure, _) = try await fail("https://127.0.0.1:\(server.port)/") {
                $0.connectTimeout = .milliseconds(300)
            }
            #expect(failure?.kind == .connectTimeout)
        }
    }

    @Test func `14: the total timeout ends an exchange, before its head or in a dribbling body`() async throws {
        let dribbling: RawServer.Script = { connection in
            connection.readRequest()
            connection.send("HTTP/1.1 200 OK\nContent-Length: 1000000\n\n")
            while connection.send("x") { pauseBriefly() }
        }
        for script in [silent, dribbling] {
            try await RawServer.serving(script) { server async throws in
                let (failure, took) = try await fail(server.url) { $0.totalTimeout = .milliseconds(400) }
                #expect(failure?.kind == .requestTimeout)
                #expect(took >= .milliseconds(398))
            }
        }
    }

    @Test func `13: the idle timeout ends a silent stream and not one that dribbles`() async throws {
        let script: RawServer.Script = { connection in
            connection.readRequest()
            connection.send("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n")
            for _ in 0..<10 {
                connection.sendChunk([1])
                pauseBriefly()
            }
            connection.waitForClose()
        }
        try await RawServer.serving(script) { server async throws in
            try await withTransport { transport async throws in
                var count = 0
                let request = HTTPRequest.get(server.url) {
                    $0.totalTimeout = nil
                    $0.idleTimeout = .milliseconds(600)
                }
                let failure = try await failure {
                    try await transport.withResponse(to: request) { response async throws in
                        for try await chunk in response.body { count += chunk.count }
                    }
                }
                #expect(failure?.kind == .idleTimeout)
                #expect(count == 10)
            }
        }
    }

    @Test func `a reader that takes its time does not make the server idle`() async throws {
        let script: RawServer.Script = { connection in
            connection.readRequest()
            connection.send("HTTP/1.1 200 OK\nContent-Length: \(8 << 20)\n\n")
            connection.send(bytes: [UInt8](repeating: 1, count: 8 << 20))
            connection.waitForClose()
        }
        try await RawServer.serving(script) { server async throws in
            try await withTransport { transport async throws in
                let request = HTTPRequest.get(server.url) {
                    $0.totalTimeout = nil
                    // Longer than a busy machine may leave the server without its turn.
                    $0.idleTimeout = .seconds(2)
                }
                let count = try await transport.withResponse(to: request) { response async throws in
                    try await Task.sleep(for: .seconds(5))
                    var count = 0
                    for try await chunk in response.body { count += chunk.count }
                    return count
                }
                #expect(count == 8 << 20)
            }
        }
    }

    @Test func `24: a name that does not resolve is told apart`() async throws {
        let (failure, _) = try await fail("http://no-such-host.invalid/") { _ in }
        #expect(failure?.kind == .nameResolution)
        #expect(failure?.message == "could not resolve the host of no-such-host.invalid port 80")
    }
}
