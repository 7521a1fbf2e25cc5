import OperatorSimulation
import TestSupport
import Testing

/// Worlds in which the real operator once did something wrong.
@Suite struct RegressionTests {
    @Test(
        arguments: [
            66, 109, 107, 118, 149, 158, 196, 268, 291, 432, 472, 675, 684, 758, 240, 1182, 1220, 1639, 1761, 2089,
            2764, 2807, 2837, 3210, 3653, 4551, 37, 248, 486, 895, 1186,
        ]
            as [UInt64])
    func `the operator keeps its promises in worlds where it once did not`(seed: UInt64) async throws {
        let outcome = try await outcome(of: seed)
        #expect(outcome.isSound, "\(outcome)")
    }

    @Test(arguments: [10083, 16318, 23343, 27961, 29792, 37739, 73078, 76902, 98683] as [UInt64])
    func `the operator keeps its promises in slow worlds where it once did not`(seed: UInt64) async throws {
        let outcome = try await outcome(of: seed, in: WorldSettings(definitions: try definitions()))
        #expect(outcome.isSound, "\(outcome)")
    }

    @Test func `a claim that ends with a look-up after a kill is no noise`() async throws {
        let outcome = try await outcome(of: 522, crashPoint: CrashPoint(effect: 10, isAfter: false))
        #expect(outcome.isSound, "\(outcome)")
    }

    @Test func `the one unload that a terminating pod gets may outlive its object`() async throws {
        let outcome = try await outcome(of: 1170)
        #expect(outcome.isSound, "\(outcome)")
    }

    @Test func `what a load brings to a container of which nobody was told in time is found`() async throws {
        let outcome = try await outcome(of: 733)
        #expect(outcome.isSound, "\(outcome)")
    }

    /// A seed means the world that it was found in: nothing happens there that was simulated only later.
    private func outcome(of seed: UInt64, crashPoint: CrashPoint? = nil) async throws -> SeedRun.Outcome {
        var settings = WorldSettings(definitions: try definitions())
        settings.mutations = Array(Mutation.allCases.prefix { $0 != .changeTargetPort })
        settings.longestPauses = [2, 10, 40]
        return try await outcome(of: seed, in: settings, crashPoint: crashPoint)
    }

    private func outcome(
        of seed: UInt64, in settings: WorldSettings, crashPoint: CrashPoint? = nil
    ) async throws -> SeedRun.Outcome {
        let main = OperatorScenario.main(probeInterval: settings.probeInterval)
        let scenario = OperatorScenario(settings, main: main)
        return try await onOwnThread { SeedRun(scenario, seed: seed, crashPoint: crashPoint).outcome() }
    }
}
