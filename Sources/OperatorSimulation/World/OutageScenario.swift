import DynamicJSON
import Synchronization

/// The API server is gone for five minutes, for the operator alone, and comes back: what others changed meanwhile is
/// carried out within ten seconds, nothing was unloaded, and nobody was overrun.
package struct OutageScenario: Scenario {
    package let name = "outage"
    private let settings: WorldSettings
    private let main: OperatorMain

    private static let outage = Duration.seconds(300)
    private static let recovery = Duration.seconds(10)
    /// Four kinds are watched, each asked for at most every other second while nobody answers, and keys that fail share
    /// their attempts.
    private static let requests = 1200

    package init(_ settings: WorldSettings, main: @escaping OperatorMain) {
        self.settings = settings
        self.main = main
    }

    package func run(in simulation: Simulation) async throws -> [Violation] {
        let world = try World(settings, in: simulation)
        let random = simulation.random("outage")
        try world.createService("a")
        for _ in 0..<settings.pods { try world.createPod(services: ["a"]) }
        for index in 0..<8 { try world.createAdapter("a\(index)", spec: spec(index)) }
        simulation.spawn { await world.supervise(main) }
        var verdict = try await settle(world, within: .seconds(120))
        guard verdict.isEmpty else { return verdict }

        let before = world.pods.map(\.entries)
        let count = Mutex(0)
        world.network.observe { event in
            if case .sent(let exchange) = event, exchange.authority == World.kubeAuthority, !exchange.process.isEmpty {
                count.withLock { $0 += 1 }
            }
        }
        let fault = random.pick([.refused, .blackhole, .resetBefore] as [NetworkFault])
        world.network.changeLink(to: World.kubeAuthority) { $0.fault = fault }
        // Packets that vanish break no stream that stands.
        if fault != .blackhole { world.network.resetConnections(to: World.kubeAuthority) }
        simulation.trace("-- the API server is gone: \(String(describing: fault))")
        let end = simulation.now + Self.outage
        try await simulation.sleep(for: random.duration(.zero ... .seconds(250)))
        try world.createAdapter("new", spec: spec(100))
        try world.deleteAdapter("a0")
        while simulation.now < end {
            try await simulation.sleep(for: .seconds(1))
            if world.pods.map(\.entries) != before {
                return [Violation("adapters stay loaded", "at \(simulation.now.inSeconds) they changed")]
            }
        }
        world.network.changeLink(to: World.kubeAuthority) { $0.fault = nil }
        simulation.trace("-- the API server is back")
        let sent = count.withLock { $0 }
        if sent > Self.requests { verdict.append(Violation("requests stay bounded", "\(sent) in five minutes")) }
        verdict += try await settle(world, within: Self.recovery)
        let later = count.withLock { $0 } - sent
        if later > 150 { verdict.append(Violation("the return is no storm", "\(later) requests")) }
        return world.now.violations + verdict
    }

    private func spec(_ number: Int) -> JSONValue {
        ["loraPath": .string("/adapters/v\(number)"), "target": ["service": ["name": "a"]]]
    }

    private func settle(_ world: World, within patience: Duration) async throws -> [Violation] {
        let end = world.simulation.now + patience
        while !Judge(world: world).verdict().isEmpty, world.simulation.now < end {
            try await world.simulation.sleep(for: .milliseconds(200))
        }
        return Judge(world: world).verdict()
    }
}
