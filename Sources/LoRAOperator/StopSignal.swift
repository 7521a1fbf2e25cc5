import Synchronization

/// Fires once; whoever waits for it, then or later, goes on.
final class StopSignal: Sendable {
    private struct State {
        var hasFired = false
        var waiting: [AsyncStream<Void>.Continuation] = []
    }

    private let state = Mutex(State())

    func fire() {
        let waiting = state.withLock { state in
            state.hasFired = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.finish() }
    }

    /// Returns when the signal has fired, or the task is cancelled.
    func wait() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let hasFired = state.withLock { state in
            if !state.hasFired { state.waiting.append(continuation) }
            return state.hasFired
        }
        if hasFired { return }
        for await _ in stream {}
    }

    /// Runs `body` until it ends, or cancels it when the signal fires, and waits for it either way.
    func cancels(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await body()
                } catch is CancellationError {
                    // Asked to stop, and stopped.
                }
            }
            group.addTask { await self.wait() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
