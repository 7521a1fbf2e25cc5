import CurlHTTP
import Effects
import Synchronization
import TestSupport
import Testing

/// The gate in front of effects, where it closes late.
struct GateTests {
    /// A gate that is open when it is asked for the first time, and closed ever after.
    private final class ClosingGate: Sendable {
        private let asked = Mutex(0)

        var gate: EffectGate {
            EffectGate {
                self.asked.withLock { asked in
                    asked += 1
                    return asked == 1
                }
            }
        }
    }

    @Test(arguments: [HTTPConnection.shared, .fresh])
    func `118: a gate that closes while the connection is made lets nothing out`(
        _ connection: HTTPConnection
    ) async throws {
        try await RawServer.serving({ connection in
            while connection.readRequest() != nil { connection.reply(body: "ok") }
        }) { server async throws in
            try await withTransport { transport async throws in
                let gated = GatedTransport(transport, gate: ClosingGate().gate)
                var post = HTTPRequest(.post, server.url, body: Array("x".utf8))
                post.options.connection = connection

                let failure = try await failure { _ = try await gated.send(post) }

                #expect(failure?.kind == .gateClosed)
                #expect(failure?.mayHaveBeenReceived == false)
                // Reads go on, and are all that ever came.
                _ = try await gated.send(.get(server.url))
                #expect(server.requests.map { $0.lines.first } == ["GET / HTTP/1.1"])
            }
        }
    }
}
