import Effects
import HTTPServer
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10)))
struct HTTPServerLimitTests {
    struct Refusal: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var request: String
        var status: Int

        init(_ description: String, _ request: String, _ status: Int) {
            testDescription = description
            self.request = request
            self.status = status
        }
    }

    static let long = String(repeating: "y", count: 3001)
    static let refusals = [
        Refusal("long header", "GET / HTTP/1.1\r\nhost: x\r\na: \(long)\r\n\r\n", 431),
        Refusal("long target", "GET /\(long) HTTP/1.1\r\nhost: x\r\n\r\n", 431),
        Refusal("long body announced", "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3001\r\n\r\n", 413),
        Refusal(
            "long body asked for", "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3001\r\nexpect: 100-continue\r\n\r\n",
            413),
        Refusal(
            "long chunked body",
            "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nbb9\r\n\(long)\r\n", 413),
        Refusal("endless length", "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n", 400),
        Refusal("no HTTP", "this is not HTTP\r\n\r\n", 400),
        Refusal("unknown method", "TRACE / HTTP/1.1\r\nhost: x\r\n\r\n", 501),
    ]

    var small: HTTPServerLimits {
        var limits = HTTPServerLimits()
        limits.headBytes = 2000
        limits.bodyBytes = 3000
        return limits
    }

    @Test(arguments: refusals)
    func `what is too large or no HTTP is refused, and the connection closed`(
        refusal: Refusal
    ) async throws {
        try await withServer(Handler { _ in throw HTTPFailure(.reset, "asked") }, limits: small) { port in
            let client = try RawClient(port: port)

            client.send(refusal.request)

            #expect(try await client.receives("HTTP/1.1 \(refusal.status) "))
            #expect(client.received.contains("connection: close\r\n"))
            client.leave()
        }
    }

    @Test func `a request line without end is cut off`() async throws {
        try await withServer(Handler.echo, limits: small) { port in
            let client = try RawClient(port: port)

            client.send("GET /")
            #expect(
                try await eventually {
                    client.send(String(repeating: "y", count: 1000))
                    return client.end != .open
                })
        }
    }

    @Test func `a client that never completes its body is left`() async throws {
        var limits = HTTPServerLimits()
        limits.bodyTimeout = .milliseconds(50)
        try await withServer(Handler.echo, limits: limits) { port in
            let client = try RawClient(port: port)

            client.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\no")

            #expect(try await client.isClosed())
        }
    }

    @Test(arguments: ["", "GET / HT", "GET / HTTP/1.1\r\nhost: x\r\n\r\n"])
    func `an idle connection is closed`(sent: String) async throws {
        var limits = HTTPServerLimits()
        limits.idleTimeout = .milliseconds(50)
        try await withServer(Handler.echo, limits: limits) { port in
            let client = try RawClient(port: port)

            client.send(sent)

            #expect(try await client.isClosed())
        }
    }

    @Test func `a client that reads nothing is left`() async throws {
        var limits = HTTPServerLimits()
        limits.connections = 1
        limits.stallTimeout = .milliseconds(50)
        let handler = Handler { request in
            request.url == "/"
                ? HTTPResponse(status: 200, body: Array(repeating: 1, count: 1 << 26)) : HTTPResponse(status: 204)
        }
        try await withServer(handler, limits: limits) { port in
            let stalled = try RawClient(port: port)
            stalled.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")

            #expect(try await eventually { try await isServed(port) })
            #expect(stalled.received.utf8.count < 1 << 26)
        }
    }

    /// Whether there is room for one more connection.
    private func isServed(_ port: Int) async throws -> Bool {
        let client = try RawClient(port: port)
        client.send("GET /other HTTP/1.1\r\nhost: x\r\n\r\n")
        return try await eventually { client.end != .open || client.received.contains("\r\n\r\n") }
            && client.received.hasPrefix("HTTP/1.1 20")
    }

    @Test func `bytes of any kind do not end the server`() async throws {
        let request = Array(
            "POST /a?b HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".utf8)
        var random = SeededGenerator(state: 7)
        try await withServer(Handler.echo) { port in
            for _ in 0..<300 {
                var bytes = Array(repeatElement(request, count: 3).joined())
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    let index = Int.random(in: 0..<bytes.count, using: &random)
                    switch UInt8.random(in: 0...3, using: &random) {
                    case 0: bytes[index] = .random(in: 0...255, using: &random)
                    case 1: bytes.remove(at: index)
                    case 2: bytes.insert(.random(in: 0...255, using: &random), at: index)
                    default: bytes.removeSubrange(index...)
                    }
                    if bytes.isEmpty { bytes = [0] }
                }
                let client = try RawClient(port: port)
                client.send(bytes)
                client.leave()
            }
            let client = try RawClient(port: port)
            client.send("GET /still HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try await client.receives("<GET /still >"))
        }
    }

    @Test func `a slow handler is not idle`() async throws {
        var limits = HTTPServerLimits()
        limits.idleTimeout = .milliseconds(50)
        limits.bodyTimeout = .milliseconds(50)
        let handler = Handler { _ in
            try await ContinuousClock().sleep(for: .milliseconds(300))
            return HTTPResponse(status: 200)
        }
        try await withServer(handler, limits: limits) { port in
            // A client may itself be too slow to ask, and tries again.
            let isAnswered = try await eventually {
                let client = try RawClient(port: port)
                client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
                let isClosed = try await client.isClosed()
                return isClosed && client.received.hasPrefix("HTTP/1.1 200 ")
            }
            #expect(isAnswered)
        }
    }

    @Test func `a connection beyond the limit is closed, and one that ends makes room`() async throws {
        var limits = HTTPServerLimits()
        limits.connections = 1
        try await withServer(Handler.echo, limits: limits) { port in
            let first = try RawClient(port: port)
            first.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try await first.receives("<GET / >"))

            let second = try RawClient(port: port)
            #expect(try await second.isClosed())
            first.leave()

            #expect(try await eventually { try await isServed(port) })
        }
    }
}
