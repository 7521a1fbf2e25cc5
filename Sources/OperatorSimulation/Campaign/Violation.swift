/// A promise that did not hold.
package struct Violation: Hashable, Sendable, CustomStringConvertible {
    /// Which promise, in a few words that stay the same from run to run.
    package var invariant: String
    /// What was seen, and when.
    package var message: String

    package init(_ invariant: String, _ message: String) {
        self.invariant = invariant
        self.message = message
    }

    package var description: String { "\(invariant): \(message)" }
}

/// Something to simulate and to judge.
package protocol Scenario: Sendable {
    /// What `--scenario` takes.
    var name: String { get }
    var budget: SimulationBudget { get }

    /// Runs inside `simulation` and returns what went wrong, in the order in which it was noticed.
    func run(in simulation: Simulation) async throws -> [Violation]
}

extension Scenario {
    package var budget: SimulationBudget { SimulationBudget() }
}
