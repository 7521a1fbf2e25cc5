import CurlHTTP
import Effects
import Foundation
import Synchronization
import TestSupport
import Testing

/// Runs `body` with a transport that is shut down afterwards.
func withTransport<Value>(_ body: (CurlTransport) async throws -> Value) async throws -> Value {
    let transport = CurlTransport()
    defer { transport.shutdown() }
    return try await body(transport)
}

/// The kind of the failure that `operation` ends with; nil where it succeeds.
func failure(_ operation: () async throws -> Void) async throws -> HTTPFailure? {
    do {
        try await operation()
        return nil
    } catch let failure as HTTPFailure {
        return failure
    }
}

extension CurlTransport {
    /// Sends `request` and returns how it failed; nil where it succeeded.
    func failure(of request: HTTPRequest) async throws -> HTTPFailure? {
        try await CurlHTTPTests.failure { _ = try await send(request) }
    }
}

extension HTTPRequest {
    /// A request with options changed by `change`.
    static func get(_ url: String, _ change: (inout HTTPOptions) -> Void = { _ in }) -> HTTPRequest {
        var options = HTTPOptions()
        change(&options)
        return HTTPRequest(.get, url, options: options)
    }
}

extension HTTPReply {
    var text: String { String(decoding: body, as: UTF8.self) }
}

/// Answers every request of a connection in the same way.
func answering(_ answer: @escaping @Sendable (RawConnection, RawRequest) -> Void) -> RawServer.Script {
    { connection in
        while let request = connection.readRequest() { answer(connection, request) }
    }
}

/// Reads one request, sends `text` and closes.
func sendingOnce(_ text: String) -> RawServer.Script {
    { connection in
        connection.readRequest()
        connection.send(text)
    }
}

/// Reads requests and never answers.
let silent: RawServer.Script = { connection in
    connection.readRequest()
    connection.waitForClose()
}

/// Blocks a script for 50 ms: what makes a stream dribble.
func pauseBriefly() { Thread.sleep(forTimeInterval: 0.05) }

/// Lets a script reach the server that runs it.
final class ServerBox: Sendable {
    private let stored = Mutex<RawServer?>(nil)

    var server: RawServer? {
        get { stored.withLock(\.self) }
        set { stored.withLock { $0 = newValue } }
    }
}
