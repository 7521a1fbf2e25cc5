import OperatorSimulation
import TestSupport
import Testing

/// `make simulate` kills the operator before and after each effect of each story; here a few of them, so that a broken story
/// or a lost comparison is noticed at once.
@Suite(.serialized) struct StoryTests {
    @Test(arguments: 0..<StoryScenario.count)
    func `a story comes to its end, also where the operator is killed on the way`(number: Int) async throws {
        let scenario = StoryScenario.standard(definitions: try definitions())
        try await onOwnThread {
            let seed = UInt64(number)
            let whole = SeedRun(scenario, seed: seed).outcome()
            #expect(whole.isSound && whole.endState != nil && whole.effects > 1, "\(whole)")
            let point = CrashPoint(effect: 1 + number % max(whole.effects, 1), isAfter: number % 2 == 0)
            let killed = SeedRun(scenario, seed: seed, crashPoint: point).outcome(expecting: whole.endState)
            #expect(killed.isSound, "killed at \(point): \(killed)")
        }
    }

    @Test func `another end is a violation`() async throws {
        let scenario = StoryScenario.standard(definitions: try definitions())
        let outcome = try await onOwnThread { SeedRun(scenario, seed: 0).outcome(expecting: "nothing") }
        #expect(outcome.violations.map(\.invariant) == ["the same end"])
    }
}
