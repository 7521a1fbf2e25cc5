import OperatorSimulation
import TestSupport
import Testing

@Suite struct OperatorScenarioTests {
    @Test func `a sound operator passes in a world without faults`() async throws {
        for seed in UInt64(0)..<8 {
            let outcome = try await outcome(of: scenario(nil), seed: seed)
            #expect(outcome.isSound, "seed \(seed): \(outcome)")
        }
    }

    @Test func `one seed is one world`() async throws {
        for seed in UInt64(0)..<4 {
            let first = try await outcome(of: scenario(nil), seed: seed)
            let second = try await outcome(of: scenario(nil), seed: seed)
            #expect(first.traceHash == second.traceHash)
        }
    }

    @Test(arguments: [
        (ToyOperator.Flaw.loadsBeforeClaim, "claim before load"), (.loadsWithoutFinalizer, "claim before load"),
        (.loadsAllAtOnce, "one change at a time"), (.keepsStaleEntries, "convergence"),
        (.keepsFinalizer, "no finalizer left"), (.forgetsToUnload, "no leak"),
        (.unloadsForeignAdapters, "no collateral"), (.alwaysSaysReady, "no false Ready"),
        (.writesAllTheTime, "quiet at rest"), (.probesTwice, "one probe an interval"),
        (.ignoresItsEnd, "ends when cancelled"), (.givesUp, "runs until cancelled"),
    ])
    func `each flaw is noticed`(flaw: ToyOperator.Flaw, invariant: String) async throws {
        var seen: Set<String> = []
        for seed in UInt64(0)..<15 {
            let outcome = try await outcome(of: scenario(flaw), seed: seed)
            seen.formUnion(outcome.violations.map(\.invariant))
            if seen.contains(invariant) { return }
        }
        Issue.record("only seen: \(seen.sorted())")
    }

    private func outcome(of scenario: OperatorScenario, seed: UInt64) async throws -> SeedRun.Outcome {
        try await onOwnThread { SeedRun(scenario, seed: seed).outcome(sink: { _ in }) }
    }

    private func scenario(_ flaw: ToyOperator.Flaw?) throws -> OperatorScenario {
        var settings = WorldSettings(definitions: try definitions())
        settings.mutations = [.createAdapter, .deleteAdapter, .editPath, .restartContainer, .killOperator]
        if flaw == .unloadsForeignAdapters { settings.mutations.append(.loadOutOfBand) }
        settings.hasFaults = false
        // The smallest operator knows no roll-outs.
        settings.checksRollOut = false
        settings.hasPlacement = false
        return OperatorScenario(settings) { http, simulation in
            try await ToyOperator(http: http, simulation: simulation, flaw: flaw).run()
        }
    }
}
