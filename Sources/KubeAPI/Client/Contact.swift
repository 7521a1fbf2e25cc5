package import Effects
import Synchronization

/// Whether the API server answers, as all requests of its clients tell together: whoever waits because it did not
/// learns at once that it does again.
package final class Contact: Sendable {
    private struct State {
        /// Requests without an answer since the last one that had one.
        var silence = 0
        /// When an answer came after a loss.
        var returnedAt: Duration?
        var waiters = Waiters()
        var observers: [@Sendable () -> Void] = []
    }

    /// So many requests in a row without an answer are a loss: one alone may have had trouble of its own.
    private static let patience = 2
    /// Whoever waits goes on at a random time within this one, so that not all do at once.
    package static let spread = Duration.seconds(1)

    private let state = Mutex(State())

    package init() {}

    /// Runs `observer` whenever the server answers after it did not.
    package func onReturn(_ observer: @escaping @Sendable () -> Void) {
        state.withLock { $0.observers.append(observer) }
    }

    /// Sleeps for `duration`, or until ``spread`` after the server's return at most, which counts from `start` on: when
    /// the request was sent whose failure is the reason to sleep.
    /// - Throws: `CancellationError`.
    package func sleep(for duration: Duration, since start: Duration, _ effects: Effects) async throws {
        if let returnedAt = state.withLock({ $0.returnedAt }), returnedAt >= start {
            return try await effects.time.sleep(for: min(duration, Self.spread * effects.random.fraction()))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await effects.time.sleep(for: duration) }
            group.addTask {
                try await self.state.wait(in: \.waiters) { _ in true }
                try await effects.time.sleep(for: Self.spread * effects.random.fraction())
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// An answer came that only the server itself, or somebody who reached it, can have given.
    func answered(_ status: Int, at now: Duration) {
        // What a load balancer says when there is nobody behind it.
        if 502...504 ~= status { return lost() }
        let (waiting, observers) = state.withLock { state -> ([Waiters.Resolution], [@Sendable () -> Void]) in
            defer { state.silence = 0 }
            guard state.silence >= Self.patience else { return ([], []) }
            state.returnedAt = now
            return (state.waiters.takeAll(), state.observers)
        }
        for waiter in waiting { waiter.resume() }
        for observer in observers { observer() }
    }

    func failed(_ failure: HTTPFailure) {
        switch failure.kind {
        case .invalidRequest, .gateClosed, .tooLarge: return
        default: lost()
        }
    }

    private func lost() { state.withLock { $0.silence = min($0.silence + 1, Self.patience) } }
}
