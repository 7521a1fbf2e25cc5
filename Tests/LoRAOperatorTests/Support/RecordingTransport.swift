import Effects
import Synchronization

/// A transport that keeps what the operator sent, and stops at a hook before it passes each request on.
final class RecordingTransport: HTTPTransport {
    typealias Hook = @Sendable (HTTPRequest) async throws -> Void

    private struct State {
        var requests: [HTTPRequest] = []
        var hook: Hook?
    }

    private let base: any HTTPTransport
    private let state = Mutex(State())

    init(_ base: any HTTPTransport) { self.base = base }

    /// Runs `hook` with every request before it is sent.
    func beforeEach(_ hook: @escaping Hook) { state.withLock { $0.hook = hook } }

    /// Everything sent that may change something, as `PATCH http://…`.
    var writes: [String] {
        state.withLock { $0.requests.filter { !$0.method.isSafe }.map { "\($0.method.rawValue) \($0.url)" } }
    }

    func withResponse<Value: Sendable>(
        to request: HTTPRequest, _ body: (HTTPResponse) async throws -> Value
    ) async throws -> Value {
        let hook = state.withLock { state in
            state.requests.append(request)
            return state.hook
        }
        try await hook?(request)
        return try await base.withResponse(to: request, body)
    }
}
