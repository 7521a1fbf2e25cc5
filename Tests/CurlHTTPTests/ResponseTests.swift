import CurlHTTP
import Dispatch
import Effects
import TestSupport
import Testing

/// What the caller gets for what the server sends.
struct ResponseTests {
    private func reply(
        to script: @escaping RawServer.Script, _ change: (inout HTTPOptions) -> Void = { _ in }
    ) async throws -> HTTPReply {
        try await RawServer.serving(script) { server async throws in
            try await withTransport { try await $0.send(.get(server.url, change)) }
        }
    }

    private func failure(
        of script: @escaping RawServer.Script, _ change: (inout HTTPOptions) -> Void = { _ in }
    ) async throws -> HTTPFailure? {
        try await CurlHTTPTests.failure { _ = try await reply(to: script, change) }
    }

    @Test func `status, headers and body arrive; interim responses and trailers do not`() async throws {
        let reply = try await reply(
            to: sendingOnce(
                """
                HTTP/1.1 103 Early Hints
                Link: x

                HTTP/1.1 409 Conflict
                A: 1
                A: 2
                Transfer-Encoding: chunked

                3
                abc
                2
                de
                0
                Trailer: t


                """))
        #expect(reply.head.status == 409)
        #expect(reply.head.headers.filter { $0.name == "A" }.map(\.value) == ["1", "2"])
        #expect(reply.head["link"] == nil && reply.head["trailer"] == nil)
        #expect(reply.text == "abcde")
    }

    @Test func `19: a redirect is not followed`() async throws {
        let reply = try await reply(
            to: answering { connection, _ in
                connection.reply("301 Moved", headers: "Location: http://127.0.0.1:1/\n")
            })
        #expect(reply.head.status == 301)
    }

    @Test func `the head arrives while the body has yet to come`() async throws {
        let script: RawServer.Script = { connection in
            connection.readRequest()
            connection.send("HTTP/1.1 200 OK\nContent-Length: 3\n\n")
            connection.waitForClose()
        }
        try await RawServer.serving(script) { server async throws in
            try await withTransport { transport async throws in
                let status = try await transport.withResponse(to: .get(server.url)) { $0.head.status }
                #expect(status == 200)
                #expect(try await eventually { server.openCount == 0 }, "leaving early ends the transfer")
            }
        }
    }

    @Test func `a stream delivers each chunk without waiting for the next`() async throws {
        let gate = DispatchSemaphore(value: 0)
        let script: RawServer.Script = { connection in
            connection.readRequest()
            connection.send("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n")
            for number in 1...3 {
                connection.sendChunk([UInt8(number)])
                gate.wait()
            }
            connection.send("0\n\n")
        }
        let bytes = try await RawServer.serving(script) { server async throws in
            try await withTransport { transport async throws in
                try await transport.withResponse(to: .get(server.url) { $0.totalTimeout = nil }) {
                    response async throws in
                    var bytes: [UInt8] = []
                    for try await chunk in response.body {
                        bytes += chunk
                        gate.signal()
                    }
                    return bytes
                }
            }
        }
        #expect(bytes == [1, 2, 3])
    }

    @Test func `a body cut short is a reset after what had come`() async throws {
        try await RawServer.serving(sendingOnce("HTTP/1.1 200 OK\nContent-Length: 10\n\nabc")) { server async throws in
            try await withTransport { transport async throws in
                try await transport.withResponse(to: .get(server.url)) { response async throws in
                    var bytes: [UInt8] = []
                    let failure = try await CurlHTTPTests.failure {
                        for try await chunk in response.body { bytes += chunk }
                    }
                    #expect(failure?.kind == .reset)
                    #expect(bytes == Array("abc".utf8))
                }
            }
        }
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\nA: b", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nabc",
        "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\nabc\n",
    ])
    func `an answer that ends early is a reset, not success`(text: String) async throws {
        #expect(try await failure(of: sendingOnce(text))?.kind == .reset)
    }

    @Test func `RST in the middle of a body is a reset`() async throws {
        let failure = try await failure { connection in
            connection.readRequest()
            connection.send("HTTP/1.1 200 OK\nContent-Length: 10\n\nabc")
            connection.resetOnClose()
        }
        #expect(failure?.kind == .reset)
    }

    @Test(arguments: [
        "hello\n\n", "SSH-2.0-OpenSSH_9.2\n", "HTTP/1.1 2x OK\n\n", "HTTP/1.1 200 OK\nno colon\n\n",
        "HTTP/9.9 200 OK\n\n", "HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 4\n\nabcd",
    ])
    func `what is not HTTP is an invalid response`(text: String) async throws {
        let failure = try #require(try await failure(of: sendingOnce(text)))
        #expect(failure.kind == .invalidResponse, "\(failure)")
    }

    @Test(arguments: [1 << 10, 200 << 10])
    func `headers beyond 64 KiB are refused, in many lines or one`(line: Int) async throws {
        let failure = try await failure { connection in
            connection.readRequest()
            connection.send("HTTP/1.1 200 OK\n")
            let header = "A: " + String(repeating: "x", count: line) + "\n"
            for _ in 0..<((256 << 10) / line) where !connection.send(header) { break }
            connection.send("\n")
            connection.waitForClose()
        }
        #expect(failure?.kind == .tooLarge)
    }

    @Test func `an endless row of interim responses is refused`() async throws {
        let failure = try await failure { connection in
            connection.readRequest()
            while connection.send("HTTP/1.1 102 Processing\n\n") {}
        }
        #expect(failure?.kind == .tooLarge)
    }

    @Test func `a body of exactly the limit passes and one byte more is too large`() async throws {
        let script = answering { connection, _ in connection.reply(body: "0123456789") }
        #expect(try await reply(to: script) { $0.bodyLimit = 10 }.text == "0123456789")
        #expect(try await failure(of: script) { $0.bodyLimit = 9 }?.kind == .tooLarge)
        #expect(try await failure(of: script) { $0.bodyLimit = -1 }?.kind == .tooLarge)
    }

    @Test func `7: gzip is decoded, and a bomb stops at the limit`() async throws {
        let bomb = try await runCommand("/bin/gzip", ["-c"], input: Array(repeating: 0, count: 64 << 20))
        #expect(bomb.count < 100 << 10)
        let script: RawServer.Script = { connection in
            connection.readRequest()
            connection.send("HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: \(bomb.count)\n\n")
            connection.send(bytes: bomb)
            connection.waitForClose()
        }
        #expect(try await failure(of: script) { $0.bodyLimit = 1 << 20 }?.kind == .tooLarge)
        let reply = try await reply(to: script) { $0.bodyLimit = 64 << 20 }
        #expect(reply.body.count == 64 << 20)
    }
}
