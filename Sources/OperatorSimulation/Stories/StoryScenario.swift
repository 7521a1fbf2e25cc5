import DynamicJSON
import VLLMSimulator

/// The core stories, one for each seed: wherever the operator is killed, a story ends as it does when it is not.
package struct StoryScenario: Scenario {
    package let name = "stories"
    private let settings: WorldSettings
    private let main: OperatorMain

    /// How many there are: the seeds from 0 on tell each once.
    package static var count: Int { Story.all.count }

    package init(_ settings: WorldSettings, main: @escaping OperatorMain) {
        self.settings = settings
        self.main = main
    }

    package var budget: SimulationBudget { SimulationBudget(steps: 5_000_000, time: .seconds(4 * 3_600)) }

    package func run(in simulation: Simulation) async throws -> [Violation] {
        let story = Story.all[Int(simulation.seed % UInt64(Story.all.count))]
        simulation.trace("-- \(story.name)")
        let world = try World(settings, in: simulation)
        try world.createFleet(story.pods)
        simulation.spawn { await world.supervise(main) }
        do {
            try await story.tell(Storyteller(world: world))
        } catch let stuck as Storyteller.Stuck {
            world.traceState()
            return world.now.violations + [Violation("convergence", "\(story.name): \(stuck)")]
        }
        for pod in world.pods { pod.server.reconfigure { $0.loadDuration = .milliseconds(50) } }
        let verdict = try await OperatorScenario.end(world, of: settings)
        simulation.endState = world.endState
        simulation.effects = world.now.processes.first?.effects ?? 0
        simulation.trace("-- end: \(world.endState)")
        return world.now.violations + verdict
    }
}

extension World {
    /// What is left when all has come to rest, without what differs with the schedule: times, uids and containers.
    var endState: String {
        let adapters = adapters.map { adapter -> String in
            let status = adapter.object["status"] ?? [:]
            let fields = [
                "phase", "ready", "id", "parent", "root", "desiredServers", "loadedServers", "unreachableServers",
            ]
            .map { "\($0)=\(status[$0]?.text ?? "-")" }
            let conditions = (status["conditions"]?.arrayValue ?? []).map { condition in
                ["type", "status", "reason", "message"].map { condition[$0]?.stringValue ?? "" }.joined(separator: " ")
            }
            let servers = adapter.servers.map { server in
                ["name", "state", "root", "reason"].map { server[$0]?.stringValue ?? "-" }.joined(separator: " ")
            }
            return
                (["\(adapter.name) finalizer=\(adapter.hasFinalizer) generation=\(adapter.generation)"] + fields
                + conditions + servers + adapter.claims.map { "claims \($0)" }).joined(separator: ", ")
        }
        let servers = pods.map { "\($0.name) holds \($0.entries.sorted())" }
        return (adapters + servers).joined(separator: "; ")
    }
}
