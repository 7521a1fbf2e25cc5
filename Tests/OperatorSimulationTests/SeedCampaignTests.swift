import OperatorSimulation
import TestSupport
import Testing

@Suite struct SeedCampaignTests {
    private let names = ["operator", "network"]

    @Test func `without arguments a hundred seeds of the first scenario run`() throws {
        let options = try SimulateOptions([], scenarios: names)
        #expect(options.scenario == "operator")
        #expect(options.seeds == 100)
        #expect(options.first == 0)
    }

    @Test func `a single seed can be traced and killed at an effect`() throws {
        let arguments = ["--scenario", "network", "--seed", "18446744073709551000", "--crash", "3:after", "--trace"]
        let options = try SimulateOptions(arguments, scenarios: names)
        #expect(options.scenario == "network")
        #expect(options.first == 18_446_744_073_709_551_000)
        #expect(options.seeds == 1)
        #expect(options.crashes == .at(CrashPoint(effect: 3, isAfter: true)))
        #expect(options.isTraced)
    }

    @Test(arguments: [
        (["--bogus"], "unknown argument --bogus; simulate-operator --help lists all"),
        (["--seeds"], "--seeds needs a value"),
        (["--seeds", "x"], "--seeds needs a whole number, not x"),
        (["--seed", "-1"], "--seed needs a whole number, not -1"),
        (["--scenario", "x"], "no scenario x; there are: operator, network"),
        (["--crash", "0:after"], "--crash needs all, 12:before or 12:after, not 0:after"),
        (["--trace"], "--trace needs one seed: --seed S --trace"),
        (["--first", "18446744073709551615"], "--first plus --seeds is too large"),
    ])
    func `a wrong argument is answered with what to write`(arguments: [String], message: String) {
        #expect(throws: SimulateOptions.Mistake(message: message)) {
            try SimulateOptions(arguments, scenarios: names)
        }
    }

    @Test func `a failing seed prints one command that reproduces it and ends the campaign`() throws {
        let (lines, summary) = try run(["--seeds", "10"])
        #expect(summary.runs == 4)
        #expect(summary.failures == 1)
        #expect(
            lines == [
                "seed 3 failed:", "  no threes: saw a three",
                "reproduce: SWIFT_DETERMINISTIC_HASHING=1 ./sim --scenario picky --seed 3 --trace",
            ])
    }

    @Test func `crashes are enumerated before and after each effect`() throws {
        let (_, summary) = try run(["--seeds", "1", "--crash", "all"])
        #expect(summary.runs == 5)
    }

    private func run(_ arguments: [String]) throws -> ([String], SeedCampaign.Summary) {
        let lines = Collected<String>()
        let campaign = SeedCampaign(
            try SimulateOptions(arguments, scenarios: ["picky"]), scenario: Picky(), executable: "./sim",
            print: { lines.append($0) }, progress: { _, _ in })
        let summary = campaign.run()
        return (lines.all, summary)
    }
}

private struct Picky: Scenario {
    let name = "picky"

    func run(in simulation: Simulation) async throws -> [Violation] {
        simulation.effects = 2
        return simulation.seed == 3 ? [Violation("no threes", "saw a three")] : []
    }
}
