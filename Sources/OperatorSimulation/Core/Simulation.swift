import Effects
import Synchronization

/// A run of concurrent code that follows from a seed: one thread, virtual time, seeded order and random numbers.
///
/// Create it on the thread that calls ``run(_:)``. The same seed gives the same run, job by job, if the code starts no
/// bare tasks, reads no real clock and lets no `Dictionary` or `Set` order leak: ``traceHash`` tells.
package final class Simulation: TimeSource, RandomSource {
    package let seed: UInt64
    /// Where the first process that counts its effects is killed.
    package let crashPoint: CrashPoint?
    package let clock = VirtualClock()
    /// What the operator draws from.
    package let operatorRandom: RandomStream

    private struct State {
        var hash = TraceHash()
        var tasks: [Int: Task<Void, Never>] = [:]
        var lastTask = 0
        var reporters: [@Sendable () -> [String]] = []
        var effects = 0
        var endState: String?
    }

    private let budget: SimulationBudget
    private let executor: SeededExecutor
    private let pace: RandomStream
    private let sink: (@Sendable (String) -> Void)?
    private let state = Mutex(State())

    /// A run under `seed`; `sink` receives each line of the trace.
    package init(
        seed: UInt64, crashPoint: CrashPoint? = nil, budget: SimulationBudget = SimulationBudget(),
        sink: (@Sendable (String) -> Void)? = nil
    ) {
        self.seed = seed
        self.crashPoint = crashPoint
        self.budget = budget
        self.sink = sink
        executor = SeededExecutor(random: RandomStream(seed: seed, name: "schedule"))
        pace = RandomStream(seed: seed, name: "pace")
        operatorRandom = RandomStream(seed: seed, name: "operator")
    }

    package var now: Duration { clock.now }
    package var unixTime: Double { clock.unixTime }
    package func sleep(for duration: Duration) async throws { try await clock.sleep(for: duration) }
    package func next() -> UInt64 { operatorRandom.next() }

    /// A stream of random numbers of its own for each name.
    package func random(_ name: String) -> RandomStream { RandomStream(seed: seed, name: name) }

    /// Jobs run so far.
    package var steps: Int { executor.steps }

    /// Equal for two runs that did the same in the same order; with a sink also in the same words.
    package var traceHash: TraceHash {
        var hash = state.withLock { $0.hash }
        hash.add(Int(truncatingIfNeeded: executor.hash.value))
        return hash
    }

    /// Effects of the process that `crashPoint` is about: how many points there are to crash it at.
    package var effects: Int {
        get { state.withLock { $0.effects } }
        set { state.withLock { $0.effects = newValue } }
    }

    /// What was left when all had come to rest; a run that was killed at an effect must leave the same.
    package var endState: String? {
        get { state.withLock { $0.endState } }
        set { state.withLock { $0.endState = newValue } }
    }

    /// Notes that something happened, where somebody listens.
    package func trace(_ event: @autoclosure () -> String) {
        guard let sink else { return }
        let line = "\(now.inSeconds) \(event())"
        state.withLock { $0.hash.add(line) }
        sink(line)
    }

    /// Lets a deadlock's report name what `reporter` knows to wait.
    package func addReporter(_ reporter: @escaping @Sendable () -> [String]) {
        state.withLock { $0.reporters.append(reporter) }
    }

    /// Starts a task of the environment: a server's side of an exchange, a process.
    ///
    /// It is cancelled when the run ends.
    @discardableResult
    package func spawn(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        let id = state.withLock { state in
            state.lastTask += 1
            return state.lastTask
        }
        let task = Task(executorPreference: executor) {
            await body()
            self.state.withLock { $0.tasks[id] = nil }
        }
        // The task cannot have run yet: it does so on this thread, later.
        state.withLock { $0.tasks[id] = task }
        return task
    }

    /// Runs `body` until it ends, and then cancels and ends what ``spawn(_:)`` started.
    /// - Throws: what `body` throws, or ``SimulationFailure``.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
        let result = Mutex<Result<Value, any Error>?>(nil)
        let root = Task(executorPreference: executor) {
            do {
                let value = try await body()
                result.withLock { $0 = .success(value) }
            } catch {
                result.withLock { $0 = .failure(error) }
            }
        }
        var failure: SimulationFailure?
        while failure == nil, result.withLock({ $0 == nil }) { failure = step() }
        if failure == nil, executor.strays > 0 { failure = .leftSimulation(jobs: executor.strays) }
        root.cancel()
        for task in state.withLock({ $0.tasks.sorted { $0.key < $1.key } }) { task.value.cancel() }
        drain { result.withLock { $0 == nil } || state.withLock { !$0.tasks.isEmpty } }
        if let failure { throw failure }
        guard let outcome = result.withLock({ $0 }) else { throw SimulationFailure.deadlock(at: now, waiting: []) }
        return try outcome.get()
    }

    /// One job, or one jump in time; a failure when neither is possible or a budget is used up.
    private func step() -> SimulationFailure? {
        if executor.strays > 0 { return .leftSimulation(jobs: executor.strays) }
        if executor.steps >= budget.steps { return .outOfSteps(at: now, steps: executor.steps) }
        if now > budget.time { return .outOfTime(at: now, steps: executor.steps) }
        if executor.runOne() {
            if budget.jobTime > .zero { clock.advance(by: pace.duration(.zero...budget.jobTime)) }
            return nil
        }
        if clock.advanceToNextTimer() { return nil }
        return .deadlock(at: now, waiting: state.withLock { $0.reporters }.flatMap { $0() })
    }

    /// Lets cancelled tasks come to their end, as long as they get anywhere.
    private func drain(while isBusy: () -> Bool) {
        var left = 100_000
        while isBusy(), left > 0 {
            guard executor.runOne() || clock.advanceToNextTimer() else { return }
            left -= 1
        }
    }
}

/// How much a simulation may use before it counts as stuck.
package struct SimulationBudget: Sendable {
    package var steps: Int
    /// Virtual time.
    package var time: Duration
    /// Each job takes between nothing and this long, so that timers also fire while work is ready.
    package var jobTime = Duration.zero

    package init(steps: Int = 50_000_000, time: Duration = .seconds(7 * 86_400)) {
        self.steps = steps
        self.time = time
    }
}
