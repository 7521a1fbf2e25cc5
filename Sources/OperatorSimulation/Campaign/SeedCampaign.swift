/// Runs many seeds one after the other, in this process, and tells what failed.
package struct SeedCampaign: Sendable {
    package var options: SimulateOptions
    package var scenario: any Scenario
    /// As written in the commands that reproduce a failure.
    package var executable: String
    /// Receives lines for people: failures, commands, the summary and, if asked for, the trace.
    package var print: @Sendable (String) -> Void
    /// Receives what was done so far, after every run.
    package var progress: @Sendable (_ seed: UInt64, _ runs: Int) -> Void

    package init(
        _ options: SimulateOptions, scenario: any Scenario, executable: String,
        print: @escaping @Sendable (String) -> Void, progress: @escaping @Sendable (UInt64, Int) -> Void
    ) {
        self.options = options
        self.scenario = scenario
        self.executable = executable
        self.print = print
        self.progress = progress
    }

    /// What a campaign did.
    package struct Summary: Hashable, Sendable {
        package var runs = 0
        package var failures = 0
        /// Runs in which the operator was killed at one of its effects.
        package var crashes = 0
        package var steps = 0
        package var virtualTime = Duration.zero

        package init(
            runs: Int = 0, failures: Int = 0, crashes: Int = 0, steps: Int = 0, virtualTime: Duration = .zero
        ) {
            self.runs = runs
            self.failures = failures
            self.crashes = crashes
            self.steps = steps
            self.virtualTime = virtualTime
        }
    }

    package func run() -> Summary {
        var summary = Summary()
        for seed in options.first..<options.first + options.seeds {
            switch options.crashes {
            case .none: run(SeedRun(scenario, seed: seed), &summary)
            case .at(let point):
                let end = SeedRun(scenario, seed: seed).outcome().endState
                run(SeedRun(scenario, seed: seed, crashPoint: point), &summary, expecting: end)
            case .all:
                let whole = run(SeedRun(scenario, seed: seed), &summary)
                for effect in 1..<whole.effects + 1 {
                    for isAfter in [false, true] where summary.failures == 0 || options.keepsGoing {
                        let point = CrashPoint(effect: effect, isAfter: isAfter)
                        run(SeedRun(scenario, seed: seed, crashPoint: point), &summary, expecting: whole.endState)
                        summary.crashes += 1
                    }
                }
            }
            if summary.failures > 0, !options.keepsGoing { break }
        }
        return summary
    }

    @discardableResult
    private func run(_ run: SeedRun, _ summary: inout Summary, expecting end: String? = nil) -> SeedRun.Outcome {
        let outcome = run.outcome(expecting: end, sink: options.isTraced ? print : nil)
        summary.runs += 1
        summary.steps += outcome.steps
        summary.virtualTime += outcome.virtualTime
        if options.isTraced { print("trace \(outcome.traceHash), \(outcome.steps) steps, \(outcome.effects) effects") }
        if !outcome.isSound {
            summary.failures += 1
            print("seed \(run.seed)\(run.crashPoint.map { ", killed at effect \($0)" } ?? "") failed:")
            if let failure = outcome.failure { print("  \(failure)") }
            for violation in outcome.violations.prefix(20) { print("  \(violation)") }
            if outcome.violations.count > 20 { print("  and \(outcome.violations.count - 20) more") }
            if !options.isTraced { print("reproduce: \(run.command(executable: executable))") }
        }
        progress(run.seed, summary.runs)
        return outcome
    }
}
