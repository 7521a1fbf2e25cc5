import Effects
import HTTPServer
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10)))
struct HTTPServerTests {
    let get = "GET /a?b=c HTTP/1.1\r\nhost: x\r\n\r\n"

    @Test func `one connection carries several requests, each with its body`() async throws {
        try await withServer(Handler.echo) { port in
            let client = try RawClient(port: port)

            client.send(get)
            #expect(try await client.receives("<GET /a?b=c >"))
            client.send("POST /p HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\none")
            #expect(try await client.receives("<POST /p one>"))

            #expect(client.received.contains("content-length: 13\r\n"))
            #expect(client.end == .open)
        }
    }

    @Test func `pipelined requests are answered in order`() async throws {
        try await withServer(Handler.echo) { port in
            let client = try RawClient(port: port)

            client.send("GET /1 HTTP/1.1\r\nhost: x\r\n\r\nGET /2 HTTP/1.1\r\nhost: x\r\n\r\n")

            #expect(try await client.receives("<GET /2 >"))
            let text = client.received
            let first = try #require(text.firstRange(of: "<GET /1 >"))
            let second = try #require(text.firstRange(of: "<GET /2 >"))
            #expect(first.lowerBound < second.lowerBound)
        }
    }

    @Test func `an absolute request target becomes a path, as a handler expects it`() async throws {
        try await withServer(Handler.echo) { port in
            let client = try RawClient(port: port)

            client.send("GET http://x/a?b HTTP/1.1\r\nhost: x\r\n\r\n")

            #expect(try await client.receives("<GET /a?b >"))
        }
    }

    @Test func `an offer to speak HTTP 2 is ignored`() async throws {
        try await withServer(Handler.echo) { port in
            let client = try RawClient(port: port)
            let offer =
                "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"

            client.send("POST /1 HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\(offer)\r\none")

            #expect(try await client.isClosed())
            #expect(client.received.hasPrefix("HTTP/1.1 200 "))
            #expect(client.received.hasSuffix("<POST /1 one>"))
        }
    }

    @Test func `a client that expects 100-continue is told to go on`() async throws {
        try await withServer(Handler.echo) { port in
            let client = try RawClient(port: port)

            client.send("POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
            #expect(try await client.receives("HTTP/1.1 100 Continue\r\n\r\n"))
            client.send("hi")

            #expect(try await client.receives("<POST / hi>"))
        }
    }

    @Test func `HEAD gets the length of a body that is not sent`() async throws {
        try await withServer(Handler.echo) { port in
            let client = try RawClient(port: port)

            client.send("HEAD / HTTP/1.1\r\nhost: x\r\n\r\n" + get)

            #expect(try await client.receives("<GET /a?b=c >"))
            #expect(client.received.contains("content-length: 9\r\n"))
            #expect(!client.received.contains("<HEAD"))
        }
    }

    @Test func `HTTP 1.0 gets its answer and the end of the connection`() async throws {
        try await withServer(Handler.echo) { port in
            let client = try RawClient(port: port)

            client.send("GET / HTTP/1.0\r\n\r\n")

            #expect(try await client.isClosed())
            #expect(client.received.contains("<GET / >"))
            #expect(client.end == .orderly)
        }
    }

    @Test func `an HTTPFailure drops the connection without an answer`() async throws {
        try await withServer(Handler { _ in throw HTTPFailure(.reset, "dropped") }) { port in
            let client = try RawClient(port: port)

            client.send(get)

            #expect(try await client.isClosed())
            #expect(client.end == .reset)
            #expect(client.received.isEmpty)
        }
    }

    @Test func `any other error is a 500 that tells nothing`() async throws {
        struct Secret: Error { let text = "secret" }
        try await withServer(Handler { _ in throw Secret() }) { port in
            let client = try RawClient(port: port)

            client.send(get)

            #expect(try await client.receives("HTTP/1.1 500 "))
            #expect(!client.received.lowercased().contains("secret"))
        }
    }

    @Test func `an address in use is one clear error`() async throws {
        try await withServer(Handler.echo) { port in
            let error = await #expect(throws: HTTPServerError.self) {
                try await withServer(Handler.echo, port: port) { _ in Issue.record("bound twice") }
            }

            #expect(error?.isAddressInUse == true)
            #expect(error?.description == "cannot listen on 127.0.0.1 port \(port): another process listens there")
        }
    }

    @Test func `a cancelled server leaves neither listener nor connection, and its port is free at once`() async throws
    {
        let isAsked = Flag()
        let handler = Handler { _ in
            isAsked.raise()
            try await ContinuousClock().sleep(for: .seconds(600))
            return HTTPResponse(status: 200)
        }
        var clients: [RawClient] = []
        var used = 0
        try await withServer(handler) { port in
            clients = [try RawClient(port: port), try RawClient(port: port)]
            clients[0].send(get)
            #expect(try await eventually { isAsked.isRaised })
            used = port
        }

        for client in clients { #expect(try await client.isClosed()) }
        let port = used
        #expect(throws: RawClient.ConnectFailed.self) { try RawClient(port: port) }
        try await withServer(Handler.echo, port: port) { #expect($0 == port) }
    }
}
