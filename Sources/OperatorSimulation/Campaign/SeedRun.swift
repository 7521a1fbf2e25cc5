/// One run of a scenario under a seed.
package struct SeedRun: Sendable {
    /// What became of it.
    package struct Outcome: Sendable {
        package var violations: [Violation]
        /// Why the run did not come to its end, if it did not.
        package var failure: String?
        package var steps: Int
        package var virtualTime: Duration
        package var traceHash: TraceHash
        /// Effects of the process that can be killed.
        package var effects: Int
        /// What was left at the end, where the scenario says so.
        package var endState: String?

        package var isSound: Bool { violations.isEmpty && failure == nil }
    }

    package var scenario: any Scenario
    package var seed: UInt64
    package var crashPoint: CrashPoint?

    package init(_ scenario: any Scenario, seed: UInt64, crashPoint: CrashPoint? = nil) {
        self.scenario = scenario
        self.seed = seed
        self.crashPoint = crashPoint
    }

    /// Runs it on this thread; the same run has the same outcome every time.
    ///
    /// `expected` is what must be left at the end.
    package func outcome(
        expecting expected: String? = nil, sink: (@Sendable (String) -> Void)? = nil
    ) -> Outcome {
        let simulation = Simulation(seed: seed, crashPoint: crashPoint, budget: scenario.budget, sink: sink)
        var violations: [Violation] = []
        var failure: String?
        do {
            violations = try simulation.run { [scenario] in try await scenario.run(in: simulation) }
        } catch {
            failure = "\(error)"
        }
        violations += simulation.violations
        if let expected, failure == nil, violations.isEmpty, simulation.endState != expected {
            violations.append(
                Violation("the same end", "\(simulation.endState ?? "none"), and without a crash \(expected)"))
        }
        return Outcome(
            violations: violations, failure: failure, steps: simulation.steps, virtualTime: simulation.now,
            traceHash: simulation.traceHash, effects: simulation.effects, endState: simulation.endState)
    }

    /// The one command that repeats this run and prints what happens.
    package func command(executable: String) -> String {
        let crash = crashPoint.map { " --crash \($0)" } ?? ""
        return "SWIFT_DETERMINISTIC_HASHING=1 \(executable) --scenario \(scenario.name) --seed \(seed)\(crash) --trace"
    }
}
