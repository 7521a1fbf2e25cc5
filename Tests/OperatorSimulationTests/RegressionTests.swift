import FoundationEssentials
import OperatorSimulation
import TestSupport
import Testing

/// Worlds in which the real operator once did something wrong.
@Suite struct RegressionTests {
    @Test(arguments: [66, 109, 118, 149, 196, 268, 291] as [UInt64])
    func `the operator keeps its promises in worlds where it once did not`(seed: UInt64) async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../crds")
        let file = root.appending(path: "loraadapters.yaml").standardized
        let definition = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let scenario = OperatorScenario.standard(definitions: [definition])
        let outcome = try await onOwnThread { SeedRun(scenario, seed: seed).outcome() }
        #expect(outcome.isSound, "\(outcome)")
    }
}
