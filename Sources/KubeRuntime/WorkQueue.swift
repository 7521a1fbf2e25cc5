package import Effects
import Synchronization

/// Keys to be worked on: ``WorkQueueState`` for many tasks and a clock.
///
/// ``run()`` has to run beside the workers: it makes delayed keys available when their time has come.
package final class WorkQueue<Key: Hashable & Sendable>: Sendable {
    private struct State {
        var queue: WorkQueueState<Key>
        var takers = Waiters()
        /// ``run()`` while it waits for an earlier deadline than the one it sleeps for.
        var timer = Waiters()
        var timerDeadline: Duration?

        var isTimerLate: Bool {
            guard let next = queue.nextDeadline else { return false }
            return timerDeadline.map { next < $0 } ?? true
        }
    }

    private let state: Mutex<State>
    private let time: any TimeSource
    private let random: any RandomSource
    private let onTake: @Sendable (Duration) -> Void

    /// A queue; `onTake` hears how long each key has waited when it is taken, and must not wait itself.
    package init(
        backoff: Backoff = Backoff(base: .seconds(1), limit: .seconds(300)), time: any TimeSource,
        random: any RandomSource, onTake: @escaping @Sendable (Duration) -> Void = { _ in }
    ) {
        state = Mutex(State(queue: WorkQueueState(backoff: backoff)))
        self.time = time
        self.random = random
        self.onTake = onTake
    }

    /// Number of keys that wait to be taken.
    package var depth: Int { state.withLock { $0.queue.depth } }

    /// Number of keys that wait for their time.
    package var delayedCount: Int { state.withLock { $0.queue.delayedCount } }

    /// What controller-runtime's `workqueue_*` metrics tell.
    package var counts: WorkQueueCounts {
        let now = time.now
        return state.withLock { state in
            let work = state.queue.workTimes(at: now)
            return WorkQueueCounts(
                depth: state.queue.depth, adds: state.queue.adds, retries: state.queue.retries, inProgress: work.count,
                unfinishedWork: work.reduce(.zero, +), longestRunning: work.max() ?? .zero)
        }
    }

    package func add(_ key: Key, priority: WorkPriority = .fresh) {
        let now = time.now
        change { $0.add(key, priority: priority, now: now) ? 1 : 0 }
    }

    /// Adds the key after a time; if it waits already, the earlier time counts.
    package func add(_ key: Key, after delay: Duration, priority: WorkPriority = .fresh) {
        guard delay > .zero else { return add(key, priority: priority) }
        let deadline = time.now + delay
        change {
            $0.add(key, at: deadline, priority: priority)
            return 0
        }
    }

    /// Counts a failure of the key and adds it after its backoff, lengthened by up to a fifth at random.
    /// - Returns: the time it waits.
    @discardableResult
    package func addAfterFailure(_ key: Key) -> Duration {
        let now = time.now
        let delay = random.jitter(state.withLock { $0.queue.failed(key, at: now) }, spread: 0.2)
        add(key, after: delay)
        return delay
    }

    /// Brings every key that failed back at a random time within `spread`: what kept them all from succeeding is over.
    package func retryFailed(within spread: Duration) where Key: Comparable {
        let failing = state.withLock { state in
            state.queue.forgive()
            return state.queue.failing.sorted()
        }
        for key in failing { add(key, after: spread * random.fraction()) }
    }

    /// Forgets the failures of a key: it succeeded, or it is gone.
    package func forget(_ key: Key) { state.withLock { $0.queue.forget(key) } }

    /// How often in a row a key has failed.
    package func failureCount(of key: Key) -> Int { state.withLock { $0.queue.failureCount(of: key) } }

    /// Waits for a key, nil once the queue was shut down; ``done(_:)`` has to follow.
    /// - Throws: `CancellationError`.
    package func take() async throws -> Key? {
        while true {
            guard !Task.isCancelled else {
                // A key may have been meant for this task: somebody else has to come for it.
                change { min($0.depth, 1) }
                throw CancellationError()
            }
            let now = time.now
            let (taken, isShutDown) = state.withLock { ($0.queue.take(at: now), $0.queue.isShutDown) }
            if let taken {
                onTake(taken.waited)
                return taken.key
            }
            if isShutDown { return nil }
            try await state.wait(in: \.takers) { $0.queue.depth == 0 && !$0.queue.isShutDown }
        }
    }

    /// Tells that the work on a key has ended.
    package func done(_ key: Key) { change { $0.done(key) ? 1 : 0 } }

    /// From now on nothing is added and nothing handed out; workers end after what they have in hand.
    package func shutDown() {
        let waiting = state.withLock { state in
            state.queue.shutDown()
            return state.takers.takeAll() + state.timer.takeAll()
        }
        for waiter in waiting { waiter.resume() }
    }

    /// Makes delayed keys available in time, until the queue is shut down.
    /// - Throws: `CancellationError`.
    package func run() async throws {
        while true {
            try Task.checkCancellation()
            let now = time.now
            change { $0.advance(to: now) }
            let (deadline, isShutDown) = state.withLock { state in
                state.timerDeadline = state.queue.nextDeadline
                return (state.timerDeadline, state.queue.isShutDown)
            }
            if isShutDown { return }
            try await waitForTimer(until: deadline)
        }
    }

    /// Until `deadline`, or until something else is due earlier.
    private func waitForTimer(until deadline: Duration?) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let deadline {
                group.addTask { try await self.time.sleep(for: max(deadline - self.time.now, .zero)) }
            }
            group.addTask {
                try await self.state.wait(in: \.timer) { !$0.isTimerLate && !$0.queue.isShutDown }
            }
            try await group.next()
            group.cancelAll()
        }
    }

    /// Changes the queue, then wakes one taker for each key that became available, and the timer if it is late.
    private func change(_ body: (inout WorkQueueState<Key>) -> Int) {
        let woken = state.withLock { state in
            let available = body(&state.queue)
            let timers = state.isTimerLate ? state.timer.takeAll() : []
            return (0..<available).compactMap { _ in state.takers.takeFirst() } + timers
        }
        for waiter in woken { waiter.resume() }
    }
}
