import Effects
import Synchronization

/// Time that stands still while something can run and jumps to the next timer when nothing can.
package final class VirtualClock: TimeSource {
    private struct State {
        var now = Duration.zero
        var wallOffset = 1_800_000_000.0
        var timers = TimerHeap()
    }

    private let state = Mutex(State())

    package init() {}

    package var now: Duration { state.withLock { $0.now } }

    package var unixTime: Double { state.withLock { $0.wallOffset + $0.now / Duration.seconds(1) } }

    /// Sets the wall clock forward or back; `now` is not touched.
    package func stepWallClock(by seconds: Double) { state.withLock { $0.wallOffset += seconds } }

    package func sleep(for duration: Duration) async throws {
        try await suspend(until: now + max(duration, .zero))
    }

    /// Waits for nothing but cancellation; no timer, so the deadlock detection sees through it.
    package func sleepForever() async throws { try await suspend(until: nil) }

    /// Calls `action` at `time`, or at the next opportunity when that has passed.
    func schedule(at time: Duration, _ action: @escaping @Sendable () -> Void) -> TimerHeap.ID {
        state.withLock { $0.timers.add(at: max(time, $0.now), action) }
    }

    func cancel(_ timer: TimerHeap.ID) { state.withLock { $0.timers.cancel(timer) } }

    /// Adds `duration` to the time and fires what has become due.
    func advance(by duration: Duration) { fire { $0.now + duration } }

    /// Jumps to the next timer and fires all that are due then; false when there is none.
    func advanceToNextTimer() -> Bool { fire { $0.timers.nextTime() } }

    @discardableResult
    private func fire(at time: (inout State) -> Duration?) -> Bool {
        let due = state.withLock { state -> [@Sendable () -> Void]? in
            guard let time = time(&state) else { return nil }
            state.now = max(state.now, time)
            return state.timers.takeDue(by: state.now)
        }
        guard let due else { return false }
        for action in due { action() }
        return true
    }

    private func suspend(until time: Duration?) async throws {
        let waiter = Waiter()
        let timer = time.map { schedule(at: $0) { waiter.resume() } }
        defer { if let timer { cancel(timer) } }
        try await waiter.wait()
    }
}
