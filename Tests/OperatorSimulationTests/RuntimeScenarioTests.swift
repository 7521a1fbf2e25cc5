import OperatorSimulation
import TestSupport
import Testing

/// Some seeds of the scenarios about the runtime; `make simulate` runs many.
@Suite struct RuntimeScenarioTests {
    @Test(arguments: [0, 1, 2, 3, 4, 5] as [UInt64])
    func `I2, I3, I4: the store ends as the truth, no event is lost, and no key is on two workers`(
        seed: UInt64
    ) async throws {
        let outcome = try await onOwnThread { SeedRun(CacheScenario(mutations: 400), seed: seed).outcome() }
        #expect(outcome.isSound, "\(outcome)")
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5] as [UInt64])
    func `79: after five minutes without an API server all is well within ten seconds`(seed: UInt64) async throws {
        let scenario = OutageScenario.standard(definitions: try definitions())
        let outcome = try await onOwnThread { SeedRun(scenario, seed: seed).outcome() }
        #expect(outcome.isSound, "\(outcome)")
    }
}
