import Effects
import Synchronization

/// One exchange, between the task that reads the response and the loop that drives libcurl.
final class Transfer: Sendable {
    private typealias State = TransferStateMachine<
        CheckedContinuation<HTTPResponseHead, any Error>, CheckedContinuation<[UInt8]?, any Error>
    >

    let request: PreparedRequest
    let started = ContinuousClock.now
    private let state: Mutex<State>

    init(_ request: PreparedRequest) {
        self.request = request
        state = Mutex(State(highWaterMark: 256 << 10))
    }

    var isOver: Bool { state.withLock { $0.isOver } }

    // MARK: The reader

    func head() async throws -> HTTPResponseHead {
        try await withCheckedThrowingContinuation { continuation in
            if case .resume(let result) = state.withLock({ $0.awaitHead(continuation) }) {
                continuation.resume(with: result)
            }
        }
    }

    func nextChunk(unpause: () -> Void) async throws -> [UInt8]? {
        try await withCheckedThrowingContinuation { continuation in
            let action = state.withLock { $0.next(continuation) }
            if action.unpauses { unpause() }
            if let result = action.result { continuation.resume(with: result) }
        }
    }

    /// Ends it for the reader; returns true where libcurl has to be told.
    func cancel() -> Bool {
        switch state.withLock({ $0.cancelled() }) {
        case .none: return false
        case .removeTransfer: return true
        case .failHead(let continuation):
            continuation.resume(throwing: CancellationError())
            return true
        case .failChunk(let continuation):
            continuation.resume(throwing: CancellationError())
            return true
        }
    }

    // MARK: The loop

    func received(head: HTTPResponseHead) { state.withLock { $0.receivedHead(head) }?.resume(returning: head) }

    func received(body: [UInt8]) -> RunningTransfer.BodyAnswer {
        switch state.withLock({ $0.receivedBody(body) }) {
        case .accepted: return .accept
        case .deliver(let continuation):
            continuation.resume(returning: body)
            return .accept
        case .pause: return .pause
        case .abort: return .abort
        }
    }

    func finished(_ failure: HTTPFailure?) {
        switch state.withLock({ $0.finished(failure.map { .failure($0) } ?? .success(())) }) {
        case .none: break
        case .failHead(let continuation, let error): continuation.resume(throwing: error)
        case .endBody(let continuation, let result): continuation.resume(with: result.map { nil })
        }
    }
}
