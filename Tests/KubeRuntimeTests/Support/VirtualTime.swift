import Effects
import Synchronization

/// Runs a task tree on one thread, in the order of its jobs, on a clock that jumps whenever nobody has anything to do.
///
/// A test on it is the same every time, and an hour takes a moment.
final class VirtualTime: TaskExecutor, TimeSource, Sendable {
    private struct Timer {
        var deadline: Duration
        var id: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var ready: [UnownedJob] = []
        var timers: [Timer] = []
        var now = Duration.zero
        var lastID = 0
    }

    private let state = Mutex(State())

    var now: Duration { state.withLock { $0.now } }

    var unixTime: Double { 1_000_000 + Double(now.components.seconds) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.ready.append(job) }
    }

    func sleep(for duration: Duration) async throws {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try Task.checkCancellation()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { state in
                    state.timers.append(Timer(deadline: state.now + duration, id: id, continuation: continuation))
                }
            }
        } onCancel: {
            let timer = state.withLock { state -> Timer? in
                state.timers.firstIndex { $0.id == id }.map { state.timers.remove(at: $0) }
            }
            timer?.continuation.resume(throwing: CancellationError())
        }
    }

    /// The process stands still meanwhile, as one that hangs or is stopped.
    func stop(for duration: Duration) { state.withLock { $0.now += duration } }

    /// Thrown when nothing can ever happen again.
    struct Deadlock: Error {}

    /// Runs `body` until it ends.
    func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
        let box = Box<Value>()
        Task(executorPreference: self) {
            do { box.set(.success(try await body())) } catch { box.set(.failure(error)) }
        }
        while true {
            if let result = box.value { return try result.get() }
            let job = state.withLock { state in state.ready.isEmpty ? nil : state.ready.removeFirst() }
            if let job {
                unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            } else if let timer = nextTimer() {
                timer.continuation.resume()
            } else {
                throw Deadlock()
            }
        }
    }

    /// Runs `body` for a time, then cancels it.
    func run(for duration: Duration, _ body: @escaping @Sendable () async throws -> Void) throws {
        try run {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await body() }
                group.addTask { try? await self.sleep(for: duration) }
                await group.next()
                group.cancelAll()
            }
        }
    }

    private func nextTimer() -> Timer? {
        state.withLock { state in
            let order = { (timer: Timer) in (timer.deadline, timer.id) }
            guard let index = state.timers.indices.min(by: { order(state.timers[$0]) < order(state.timers[$1]) }) else {
                return nil
            }
            let timer = state.timers.remove(at: index)
            state.now = max(state.now, timer.deadline)
            return timer
        }
    }
}

private final class Box<Value: Sendable>: Sendable {
    private let held = Mutex<Result<Value, any Error>?>(nil)

    var value: Result<Value, any Error>? { held.withLock { $0 } }

    func set(_ result: Result<Value, any Error>) { held.withLock { $0 = result } }
}
