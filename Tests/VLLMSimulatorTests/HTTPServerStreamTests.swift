import Effects
import HTTPServer
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10)))
struct HTTPServerStreamTests {
    let get = "GET / HTTP/1.1\r\nhost: x\r\n\r\n"

    @Test func `a stream's chunks arrive while it goes on, and its end is told`() async throws {
        let chunks = AsyncStream.makeStream(of: [UInt8].self)
        let source = chunks.stream
        let handler = Handler { _ in
            let iterator = Mutex<[UInt8]?>(nil)
            return HTTPResponse(
                head: HTTPResponseHead(status: 200),
                body: HTTPBody {
                    for await chunk in source { return chunk }
                    return iterator.withLock { $0 }
                })
        }
        try await withServer(handler) { port in
            let client = try RawClient(port: port)

            client.send(get)
            #expect(try await client.receives("transfer-encoding: chunked\r\n"))
            chunks.continuation.yield(Array("one".utf8))
            #expect(try await client.receives("3\r\none\r\n"))
            chunks.continuation.yield(Array("two".utf8))
            #expect(try await client.receives("3\r\ntwo\r\n"))
            chunks.continuation.finish()
            #expect(try await client.receives("0\r\n\r\n"))

            #expect(client.end == .open)
        }
    }

    @Test(arguments: [false, true])
    func `the pulling task is cancelled when the client leaves`(duringResponse: Bool) async throws {
        let (started, cancelled) = (Flag(), Flag())
        let wait: @Sendable () async throws -> Void = {
            started.raise()
            do {
                try await ContinuousClock().sleep(for: .seconds(600))
            } catch {
                cancelled.raise()
                throw error
            }
        }
        let handler = Handler { _ in
            if duringResponse { try await wait() }
            return HTTPResponse(
                head: HTTPResponseHead(status: 200),
                body: HTTPBody {
                    try await wait()
                    return nil
                })
        }
        try await withServer(handler) { port in
            let client = try RawClient(port: port)
            client.send(get)
            #expect(try await eventually { started.isRaised })

            client.leave()

            #expect(try await eventually { cancelled.isRaised })
        }
    }

    @Test func `a reader that stops is not written to without end`() async throws {
        let pulls = Flag()
        let handler = Handler { _ in
            HTTPResponse(
                head: HTTPResponseHead(status: 200),
                body: HTTPBody {
                    pulls.raise()
                    return [UInt8](repeating: 120, count: 1 << 20)
                })
        }
        try await withServer(handler) { port in
            let client = try RawClient(port: port)
            client.send(get)
            #expect(try await eventually { pulls.count > 1 })

            var last = -1
            #expect(
                try await eventually {
                    defer { last = pulls.count }
                    try await ContinuousClock().sleep(for: .milliseconds(100))
                    return pulls.count == last
                })
            #expect(last < 64)
        }
    }

    @Test func `a stream that fails ends in a broken connection, never in a complete body`() async throws {
        let handler = Handler { _ in
            let parts = Mutex<[[UInt8]]>([Array("half".utf8)])
            return HTTPResponse(
                head: HTTPResponseHead(status: 200),
                body: HTTPBody {
                    guard let part = parts.withLock({ $0.popLast() }) else { throw HTTPFailure(.reset, "cut") }
                    return part
                })
        }
        try await withServer(handler) { port in
            let client = try RawClient(port: port)

            client.send(get)

            #expect(try await client.isClosed())
            #expect(!client.received.contains("0\r\n\r\n"))
            #expect(client.end == .reset)
        }
    }

    @Test func `HEAD gets a stream's head, and nothing that the next answer would be mixed with`() async throws {
        let pulls = Flag()
        let handler = Handler { request in
            guard request.method == .head else { return HTTPResponse(status: 204) }
            return HTTPResponse(
                head: HTTPResponseHead(status: 200),
                body: HTTPBody {
                    pulls.raise()
                    return nil
                })
        }
        try await withServer(handler) { port in
            let client = try RawClient(port: port)

            client.send("HEAD / HTTP/1.1\r\nhost: x\r\n\r\n" + get)

            #expect(try await client.receives("HTTP/1.1 204 "))
            #expect(client.received.contains("\r\n\r\nHTTP/1.1 204 "))
            #expect(!client.received.contains("0\r\n\r\n"))
            #expect(!pulls.isRaised)
        }
    }

    @Test func `for HTTP 1.0 a stream ends with its connection`() async throws {
        let handler = Handler { _ in
            let parts = Mutex<[[UInt8]]>([Array("all".utf8)])
            return HTTPResponse(
                head: HTTPResponseHead(status: 200), body: HTTPBody { parts.withLock { $0.popLast() } })
        }
        try await withServer(handler) { port in
            let client = try RawClient(port: port)

            client.send("GET / HTTP/1.0\r\n\r\n")

            #expect(try await client.isClosed())
            #expect(client.received.hasSuffix("\r\n\r\nall"))
        }
    }
}
