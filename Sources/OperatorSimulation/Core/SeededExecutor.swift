import Glibc
import Synchronization

/// Runs the jobs of a task tree on one thread, in an order chosen by the seed.
///
/// It sees every job of tasks started with it as their preference, of their child tasks and of the actors these call.
/// A bare `Task { }` does not inherit it and leaves the simulation.
final class SeededExecutor: TaskExecutor {
    private struct State {
        var ready: [UnownedJob] = []
        var steps = 0
        var strays = 0
        var hash = TraceHash()
    }

    private let state = Mutex(State())
    private let random: RandomStream
    private let thread = pthread_self()

    init(random: RandomStream) { self.random = random }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isStray = pthread_equal(pthread_self(), thread) == 0
        state.withLock { state in
            state.ready.append(job)
            if isStray { state.strays += 1 }
        }
    }

    /// Jobs run so far.
    var steps: Int { state.withLock { $0.steps } }

    /// Jobs that another thread handed in: something left the simulation, and the order is no longer the seed's.
    var strays: Int { state.withLock { $0.strays } }

    /// Which job was chosen among how many, over the whole run.
    var hash: TraceHash { state.withLock { $0.hash } }

    /// Runs one of the ready jobs; false when there is none.
    func runOne() -> Bool {
        let job = state.withLock { state -> UnownedJob? in
            guard !state.ready.isEmpty else { return nil }
            let choice = random.below(state.ready.count)
            state.steps += 1
            state.hash.add(choice &* 65_537 &+ state.ready.count)
            state.ready.swapAt(choice, state.ready.count - 1)
            return state.ready.removeLast()
        }
        guard let job else { return false }
        unsafe job.runSynchronously(on: asUnownedTaskExecutor())
        return true
    }
}
