import Effects
import Synchronization

/// A clock for one task: whoever sleeps has slept.
final class InstantTime: TimeSource {
    private let state = Mutex((now: Duration.zero, sleeps: [Duration]()))

    var now: Duration { state.withLock { $0.now } }

    /// It began in 1970.
    var unixTime: Double { Double(now.components.seconds) }

    var sleeps: [Duration] { state.withLock { $0.sleeps } }

    func advance(by duration: Duration) { state.withLock { $0.now += duration } }

    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        state.withLock {
            $0.now += duration
            $0.sleeps.append(duration)
        }
    }
}

/// Always the same number.
struct FixedRandom: RandomSource {
    var number: UInt64 = 0

    func next() -> UInt64 { number }
}
