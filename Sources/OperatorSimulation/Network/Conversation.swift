import Effects
import Synchronization

/// Both sides of one exchange: what the server's task gives, and the client waits for.
final class Conversation: Sendable {
    let exchange: Exchange
    private let clock: VirtualClock
    private let options: HTTPOptions
    private let answered = Waiter()
    private let body = Pipe()
    private let state = Mutex(State())

    private struct State {
        var head: HTTPResponseHead?
        var received = 0
        var hasClientLeft = false
        var isStreaming = false
        var serverTask: Task<Void, Never>?
    }

    init(_ exchange: Exchange, options: HTTPOptions, clock: VirtualClock) {
        self.exchange = exchange
        self.options = options
        self.clock = clock
    }

    // MARK: The client's side

    func receiveHead() async throws -> HTTPResponseHead {
        try await withIdleTimeout { try await answered.wait() }
        guard let head = state.withLock({ $0.head }) else {
            throw HTTPFailure(.reset, "\(exchange.authority) ended without an answer")
        }
        return head
    }

    func receiveChunk() async throws -> [UInt8]? {
        guard let chunk = try await withIdleTimeout({ try await body.read() }) else { return nil }
        let received = state.withLock { state in
            state.received += chunk.count
            return state.received
        }
        if received > options.bodyLimit {
            throw HTTPFailure(.tooLarge, "\(exchange.authority) sent more than \(options.bodyLimit) bytes")
        }
        return chunk
    }

    /// The client wants no more: a handler that is still at work finishes it, a body is abandoned.
    func clientLeft() {
        let task = state.withLock { state -> Task<Void, Never>? in
            state.hasClientLeft = true
            return state.isStreaming ? state.serverTask : nil
        }
        body.close()
        task?.cancel()
    }

    /// Ends the client's waiting with `error`, now and later.
    func fail(_ error: any Error) {
        answered.resume(throwing: error)
        body.fail(error)
    }

    private func withIdleTimeout<Value>(_ wait: () async throws -> Value) async throws -> Value {
        guard let limit = options.idleTimeout else { return try await wait() }
        let failure = HTTPFailure(.idleTimeout, "nothing from \(exchange.authority) for \(limit.inSeconds)")
        let timer = clock.schedule(at: clock.now + limit) { [self] in fail(failure) }
        defer { clock.cancel(timer) }
        return try await wait()
    }

    // MARK: The server's side

    func setServerTask(_ task: Task<Void, Never>) { state.withLock { $0.serverTask = task } }

    /// Gives the head; false when the client has left and the body need not be made.
    func sendHead(_ value: HTTPResponseHead) -> Bool {
        let isWanted = state.withLock { state in
            state.isStreaming = !state.hasClientLeft
            if state.isStreaming { state.head = value }
            return state.isStreaming
        }
        if isWanted { answered.resume() }
        return isWanted
    }

    func sendChunk(_ chunk: [UInt8]) async throws { try await body.write(chunk) }

    func finish() { body.finish() }
}
