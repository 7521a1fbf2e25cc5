import FoundationEssentials
import OperatorSimulation
import Testing

@Suite struct OperatorScenarioTests {
    @Test func `a sound operator passes in a world without faults`() throws {
        for seed in UInt64(0)..<8 {
            let outcome = SeedRun(try scenario(nil), seed: seed).outcome()
            #expect(outcome.isSound, "seed \(seed): \(outcome)")
        }
    }

    @Test func `one seed is one world`() throws {
        for seed in UInt64(0)..<4 {
            let first = SeedRun(try scenario(nil), seed: seed).outcome()
            let second = SeedRun(try scenario(nil), seed: seed).outcome()
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
    func `each flaw is noticed`(flaw: ToyOperator.Flaw, invariant: String) throws {
        var seen: Set<String> = []
        for seed in UInt64(0)..<15 {
            let outcome = SeedRun(try scenario(flaw), seed: seed).outcome()
            seen.formUnion(outcome.violations.map(\.invariant))
            if seen.contains(invariant) { return }
        }
        Issue.record("only seen: \(seen.sorted())")
    }

    private func scenario(_ flaw: ToyOperator.Flaw?) throws -> OperatorScenario {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../crds")
        let file = root.appending(path: "loraadapters.yaml").standardized
        var settings = WorldSettings(definitions: [String(decoding: try Data(contentsOf: file), as: UTF8.self)])
        settings.mutations = [.createAdapter, .deleteAdapter, .editPath, .restartContainer, .killOperator]
        if flaw == .unloadsForeignAdapters { settings.mutations.append(.loadOutOfBand) }
        settings.hasFaults = false
        settings.hasPlacement = false
        return OperatorScenario(settings) { http, simulation in
            try await ToyOperator(http: http, simulation: simulation, flaw: flaw).run()
        }
    }
}
