import Synchronization

/// Tasks that wait for one thing: a state to be kept behind a lock, whose continuations are resumed outside of it.
package struct Waiters: Sendable {
    package typealias Continuation = CheckedContinuation<Void, any Error>

    /// A continuation and what to tell it, once the lock is released.
    package struct Resolution: Sendable {
        fileprivate var continuation: Continuation
        fileprivate var isCancelled = false

        package func resume() {
            if isCancelled { continuation.resume(throwing: CancellationError()) } else { continuation.resume() }
        }
    }

    private var nextID = 0
    /// In the order of their ids, so that whoever waits longest goes first.
    private var parked: [(id: Int, continuation: Continuation)] = []
    /// Cancelled before they were parked.
    private var cancelled: Set<Int> = []

    package init() {}

    package var count: Int { parked.count }

    fileprivate mutating func newID() -> Int {
        nextID += 1
        return nextID
    }

    /// Parks the continuation if there is something to wait for; what it returns has to be resumed.
    fileprivate mutating func park(_ continuation: Continuation, as id: Int, if mustWait: Bool) -> Resolution? {
        if cancelled.remove(id) != nil { return Resolution(continuation: continuation, isCancelled: true) }
        guard mustWait else { return Resolution(continuation: continuation) }
        parked.append((id, continuation))
        return nil
    }

    fileprivate mutating func cancel(_ id: Int) -> Resolution? {
        guard let index = parked.firstIndex(where: { $0.id == id }) else {
            cancelled.insert(id)
            return nil
        }
        return Resolution(continuation: parked.remove(at: index).continuation, isCancelled: true)
    }

    /// To be called when a wait is over, however it ended.
    fileprivate mutating func forget(_ id: Int) { cancelled.remove(id) }

    package mutating func takeFirst() -> Resolution? {
        parked.isEmpty ? nil : Resolution(continuation: parked.removeFirst().continuation)
    }

    package mutating func takeAll() -> [Resolution] {
        defer { parked = [] }
        return parked.map { Resolution(continuation: $0.continuation) }
    }
}

extension Mutex {
    /// Waits among the `waiters` of the state for somebody to resume them, if there is something to wait for then.
    /// - Throws: `CancellationError`.
    package borrowing func wait(
        in waiters: any WritableKeyPath<Value, Waiters> & Sendable, while mustWait: (borrowing Value) -> Bool
    ) async throws {
        let id = withLock { $0[keyPath: waiters].newID() }
        defer { withLock { $0[keyPath: waiters].forget(id) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: Waiters.Continuation) in
                withLock { $0[keyPath: waiters].park(continuation, as: id, if: mustWait($0)) }?.resume()
            }
        } onCancel: {
            withLock { $0[keyPath: waiters].cancel(id) }?.resume()
        }
    }
}
