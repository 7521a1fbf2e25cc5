import CurlHTTP
import Effects
import TestSupport
import Testing

/// Cancelling a task ends its transfer, wherever it is.
struct CancellationTests {
    private let stream: RawServer.Script = { connection in
        connection.readRequest()
        connection.send("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n")
        connection.sendChunk([1])
        connection.waitForClose()
    }

    /// Cancels `task` and expects its end, and its connection's, soon after.
    private func cancel(_ task: Task<Void, any Error>, on server: RawServer) async throws {
        let start = ContinuousClock.now
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await eventually { server.openCount == 0 })
        #expect(ContinuousClock.now - start < .seconds(10), "a few milliseconds on a quiet machine")
    }

    @Test func `a task cancelled before it starts sends nothing`() async throws {
        try await RawServer.serving(silent) { server async throws in
            try await withTransport { transport async throws in
                for _ in 0..<100 {
                    let task = Task { _ = try await transport.send(.get(server.url)) }
                    task.cancel()
                    await #expect(throws: CancellationError.self) { try await task.value }
                }
                #expect(try await eventually { server.openCount == 0 })
            }
        }
    }

    @Test func `26: cancelling while the head is awaited ends the transfer`() async throws {
        try await RawServer.serving(silent) { server async throws in
            try await withTransport { transport async throws in
                let task = Task { _ = try await transport.send(.get(server.url)) }
                #expect(try await eventually { server.requests.count == 1 })
                try await cancel(task, on: server)
            }
        }
    }

    @Test func `cancelling while the connection is being made ends the transfer`() async throws {
        let silence = try UnresponsivePort()
        try await withTransport { transport async throws in
            let task = Task { _ = try await transport.send(.get("http://127.0.0.1:\(silence.port)")) }
            try await Task.sleep(for: .milliseconds(50))
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }

    @Test func `cancelling in the body ends the transfer`() async throws {
        try await RawServer.serving(stream) { server async throws in
            try await withTransport { transport async throws in
                let (events, continuation) = AsyncStream.makeStream(of: Void.self)
                let task = Task {
                    try await transport.withResponse(to: .get(server.url) { $0.totalTimeout = nil }) {
                        response async throws in
                        for try await _ in response.body { continuation.yield() }
                    }
                }
                for await _ in events { break }
                try await cancel(task, on: server)
            }
        }
    }

    @Test func `leaving the body by a value or an error ends the transfer`() async throws {
        struct Enough: Error {}
        try await RawServer.serving(stream) { server async throws in
            try await withTransport { transport async throws in
                let first = try await transport.withResponse(to: .get(server.url)) { response async throws in
                    for try await chunk in response.body { return chunk }
                    return []
                }
                #expect(first == [1])
                await #expect(throws: Enough.self) {
                    try await transport.withResponse(to: .get(server.url)) { _ in throw Enough() }
                }
                #expect(try await eventually { server.openCount == 0 })
            }
        }
    }

    @Test func `a body kept beyond its closure throws`() async throws {
        try await RawServer.serving(stream) { server async throws in
            try await withTransport { transport async throws in
                let body = try await transport.withResponse(to: .get(server.url)) { $0.body }
                await #expect(throws: CancellationError.self) { for try await _ in body {} }
            }
        }
    }
}
