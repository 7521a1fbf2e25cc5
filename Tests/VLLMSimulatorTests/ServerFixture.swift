import Effects
import HTTPServer
import Logging
import Synchronization

/// A handler made of a closure.
struct Handler: HTTPHandler {
    var respondTo: @Sendable (HTTPRequest) async throws -> HTTPResponse

    init(_ respondTo: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse) { self.respondTo = respondTo }

    func respond(to request: HTTPRequest) async throws -> HTTPResponse { try await respondTo(request) }

    /// Answers with method, target and body.
    static let echo = Handler { request in
        let body = String(decoding: request.body ?? [], as: UTF8.self)
        return HTTPResponse(status: 200, body: Array("<\(request.method.rawValue) \(request.url) \(body)>".utf8))
    }
}

/// Runs `body` while `handler` is served on a port of 127.0.0.1, and waits for the server's end.
func withServer(
    _ handler: any HTTPHandler, limits: HTTPServerLimits = HTTPServerLimits(), port: Int = 0,
    _ body: (Int) async throws -> Void
) async throws {
    let server = HTTPServer(
        host: "127.0.0.1", port: port, handler: handler, limits: limits, logger: Logger(label: "test"))
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    try await withThrowingTaskGroup { group in
        group.addTask {
            defer { continuation.finish() }
            try await server.run { continuation.yield($0) }
        }
        var iterator = ports.makeAsyncIterator()
        guard let port = await iterator.next() else {
            try await group.waitForAll()
            return
        }
        try await body(port)
        group.cancelAll()
        try await group.waitForAll()
    }
}

/// Something that happened, told from one task to another.
final class Flag: Sendable {
    private let value = Atomic(0)

    func raise() { value.add(1, ordering: .relaxed) }

    var count: Int { value.load(ordering: .relaxed) }

    var isRaised: Bool { count > 0 }
}
