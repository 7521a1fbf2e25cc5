import CurlHTTP
import Effects
import TestSupport
import Testing

/// Which connections requests travel on.
struct ConnectionTests {
    private let script = answering { connection, _ in connection.reply(body: "\(connection.number)") }

    @Test func `17: a hundred requests in a row take one connection`() async throws {
        try await RawServer.serving(script) { server async throws in
            try await withTransport { transport async throws in
                for _ in 0..<100 { #expect(try await transport.send(.get(server.url)).text == "1") }
            }
            #expect(server.acceptCount == 1)
        }
    }

    @Test func `16, 120: own connections are kept and nobody else uses them`() async throws {
        try await RawServer.serving(script) { server async throws in
            try await withTransport { transport async throws in
                func connection(_ connection: HTTPConnection) async throws -> String {
                    try await transport.send(.get(server.url) { $0.connection = connection }).text
                }
                for _ in 0..<3 {
                    #expect(try await connection(.shared) == "1")
                    #expect(try await connection(.own("lease")) == "2")
                    #expect(try await connection(.own("watch")) == "3")
                }
            }
            #expect(server.acceptCount == 3)
        }
    }

    @Test func `an own connection that is busy is not shared within its label either`() async throws {
        let script: RawServer.Script = { connection in
            while let request = connection.readRequest() {
                if request.lines.first?.contains("/stall") == true { connection.waitForClose() }
                connection.reply()
            }
        }
        try await RawServer.serving(script) { server async throws in
            try await withTransport { transport async throws in
                let stalled = Task {
                    _ = try await transport.send(.get("\(server.url)/stall") { $0.connection = .own("a") })
                }
                #expect(try await eventually { server.requests.count == 1 })
                #expect(try await transport.send(.get(server.url) { $0.connection = .own("a") }).head.status == 200)
                stalled.cancel()
                _ = await stalled.result
            }
        }
    }

    @Test func `a fresh connection serves one request, and no kept one is touched`() async throws {
        try await RawServer.serving(script) { server async throws in
            try await withTransport { transport async throws in
                #expect(try await transport.send(.get(server.url)).text == "1")
                for number in 2...4 {
                    let request = HTTPRequest.get(server.url) { $0.connection = .fresh }
                    #expect(try await transport.send(request).text == "\(number)")
                }
                #expect(try await eventually { server.openCount == 1 })
                #expect(try await transport.send(.get(server.url)).text == "1")
            }
        }
    }

    @Test func `18: a kept connection that the server closed costs no failure`() async throws {
        let script: RawServer.Script = { connection in
            connection.readRequest()
            connection.reply()
        }
        try await RawServer.serving(script) { server async throws in
            try await withTransport { transport async throws in
                for _ in 0..<20 { #expect(try await transport.send(.get(server.url)).head.status == 200) }
            }
            #expect(server.requests.count == 20)
        }
    }

    /// The request was received on the kept connection; libcurl's second attempt is refused.
    ///
    /// What the caller hears must not be "connection refused", which would say that nothing was received.
    @Test func `a repeated request that is refused may have been received`() async throws {
        let box = ServerBox()
        let server = try RawServer { connection in
            connection.readRequest()
            connection.reply()
            connection.readRequest()
            connection.resetOnClose()
            box.server?.stop()
        }
        box.server = server
        defer { server.stop() }
        try await withTransport { transport async throws in
            _ = try await transport.send(.get(server.url))
            let failure = try await transport.failure(of: .get(server.url))
            #expect(failure?.kind == .reset)
            #expect(failure?.mayHaveBeenReceived == true)
        }
        #expect(server.requests.count == 2)
    }

    @Test func `16: a stalled transfer delays no other`() async throws {
        let silence = try UnresponsivePort()
        try await RawServer.serving(silent) { stalling async throws in
            try await RawServer.serving(script) { server async throws in
                try await withTransport { transport async throws in
                    let urls = Array(repeating: stalling.url, count: 20) + ["http://127.0.0.1:\(silence.port)"]
                    let stalled = urls.map { url in
                        Task {
                            let request = HTTPRequest.get(url) {
                                $0.connectTimeout = .seconds(3600)
                                $0.totalTimeout = nil
                            }
                            _ = try await transport.send(request)
                        }
                    }
                    #expect(try await eventually { stalling.requests.count == 20 })
                    for _ in 0..<50 { _ = try await transport.send(.get(server.url)) }
                    for task in stalled { task.cancel() }
                    for task in stalled { _ = await task.result }
                }
            }
        }
    }
}
