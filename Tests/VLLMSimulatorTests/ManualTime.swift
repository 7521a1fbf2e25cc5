import Effects
import Synchronization

/// Time that stands still until a test moves it.
final class ManualTime: TimeSource {
    private struct State {
        var now: Duration = .zero
        var sleepers: [(end: Duration, number: Int, resume: CheckedContinuation<Void, any Error>)] = []
        var number = 0
    }

    private let state = Mutex(State())

    var now: Duration { state.withLock { $0.now } }

    var unixTime: Double { 1_795_000_000 + now / .seconds(1) }

    /// Tasks that wait for time to pass.
    var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    func sleep(for duration: Duration) async throws {
        let number = state.withLock { state in
            state.number += 1
            return state.number
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { $0.sleepers.append(($0.now + duration, number, continuation)) }
                // A task that was cancelled before it slept finds no one to wake it.
                if Task.isCancelled { wake(number) }
            }
        } onCancel: {
            wake(number)
        }
    }

    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now += duration
            let due = state.sleepers.filter { $0.end <= state.now }
            state.sleepers.removeAll { $0.end <= state.now }
            return due
        }
        for sleeper in due.sorted(by: { ($0.end, $0.number) < ($1.end, $1.number) }) { sleeper.resume.resume() }
    }

    private func wake(_ number: Int) {
        let sleeper = state.withLock { state in
            state.sleepers.firstIndex { $0.number == number }.map { state.sleepers.remove(at: $0) }
        }
        sleeper?.resume.resume(throwing: CancellationError())
    }
}

/// Numbers that are all different.
final class CountingRandom: RandomSource {
    private let count = Atomic<UInt64>(0)

    func next() -> UInt64 { count.add(1, ordering: .relaxed).newValue }
}
