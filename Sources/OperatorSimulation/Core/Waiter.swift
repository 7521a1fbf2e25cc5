import Synchronization

/// One suspended task, and an end of its waiting that comes from outside or from its cancellation, whichever is first.
///
/// It serves one `wait()`; an end that comes before is kept for it. What the task waited for is kept by whoever owns the
/// waiter: one that is generic over it would look types up at every step of a simulation.
final class Waiter: Sendable {
    private enum State {
        case idle
        case waiting(CheckedContinuation<Void, any Error>)
        case done(Result<Void, any Error>)
    }

    private let state = Mutex(State.idle)

    /// Ends the waiting, by an error where one is given, unless it has ended.
    func resume(throwing error: (any Error)? = nil) {
        let result = error.map { .failure($0) } ?? Result<Void, any Error>.success(())
        let continuation = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            switch state {
            case .idle:
                state = .done(result)
                return nil
            case .waiting(let continuation):
                state = .done(result)
                return continuation
            case .done:
                return nil
            }
        }
        continuation?.resume(with: result)
    }

    func wait() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result = state.withLock { state -> Result<Void, any Error>? in
                    if case .done(let result) = state { return result }
                    state = .waiting(continuation)
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            resume(throwing: CancellationError())
        }
    }
}
