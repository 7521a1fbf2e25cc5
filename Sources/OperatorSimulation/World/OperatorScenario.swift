/// The whole operator in a world that changes and breaks as the seed says, then heals and is judged.
package struct OperatorScenario: Scenario {
    package let name: String
    private let settings: WorldSettings
    private let main: OperatorMain

    /// How long a healed world may take to be as it should: two failures in a row at the longest backoff.
    private static let patience = Duration.seconds(30 * 60)
    private static let rest = Duration.seconds(10 * 60)
    /// Between two attempts at what fails.
    private static let longestDelay = Duration.seconds(6 * 60)

    package init(name: String = "operator", _ settings: WorldSettings, main: @escaping OperatorMain) {
        self.name = name
        self.settings = settings
        self.main = main
    }

    package var budget: SimulationBudget { SimulationBudget(steps: 20_000_000, time: .seconds(6 * 3_600)) }

    package func run(in simulation: Simulation) async throws -> [Violation] {
        var settings = settings
        if settings.hasFaults { settings.watchList = KubeFaults.watchList(simulation) }
        let world = try World(settings, in: simulation)
        let random = simulation.random("scenario")
        world.mix(random)
        try world.createFleet(settings.pods)
        simulation.spawn { await world.supervise(main) }
        if settings.hasFaults {
            KubeFaults(simulation).start(in: world)
            if random.chance(500) { makeLinksFaulty(world, random) }
        }
        try await Mutator(world).run(for: random.duration(.seconds(30)...(.seconds(900))))
        world.heal()
        let verdict = try await Self.end(world, of: settings)
        simulation.effects = world.now.processes.first?.effects ?? 0
        return world.now.violations + verdict
    }

    /// Waits until a world without faults is as it should be, and sees that it stays so.
    static func end(_ world: World, of settings: WorldSettings) async throws -> [Violation] {
        var verdict = try await settle(world)
        if verdict.isEmpty { verdict = try await rest(world, settings) }
        if !verdict.isEmpty { world.traceState() }
        let ended = world.now.processes.dropLast().filter { !$0.hasEnded }.map(\.name)
        for name in ended { verdict.append(Violation("ends when cancelled", "\(name) still runs")) }
        return verdict
    }

    /// How many connections lead to a server, since objects with other Secrets share none: those that are there in any case,
    /// and with those of objects that may have left something behind a Service of it.
    private static func connections(to pod: SimulatedPod, in world: World) -> ClosedRange<Int> {
        let services = pod.services
        let wanting = Set(world.adapters.filter { services.contains($0.service) }.map(\.secret))
        let claiming = Set(
            world.adapters.filter { adapter in
                // What an object keeps on a server that went to another Service is looked at as well.
                let kept = adapter.claims(on: pod.everServices).contains { pod.entries.contains($0) }
                return kept || !adapter.claims(on: services).isEmpty
            }.map(\.secret))
        return wanting.count...wanting.union(claiming).count
    }

    private func makeLinksFaulty(_ world: World, _ random: RandomStream) {
        let faults: [NetworkFault] = [
            .refused, .blackhole, .hang, .answerHangs, .resetBefore, .resetAfter, .slow(.seconds(4)), .duplicated,
            .truncated(after: 20),
        ]
        let chosen = faults.filter { _ in random.chance(500) }
        for authority in [World.kubeAuthority] + world.pods.map(\.authority) {
            world.network.changeLink(to: authority) { link in
                link.faultPermille = random.pick([0, 10, 50, 150]) ?? 0
                link.faults = chosen
            }
        }
    }

    /// Waits until everything is as it should be; what is not when patience ends is the verdict.
    private static func settle(_ world: World) async throws -> [Violation] {
        var judge = Judge(world: world)
        let end = world.simulation.now + Self.patience
        var verdict = judge.verdict()
        while !verdict.isEmpty || judge.isUnfinished, world.simulation.now < end {
            try await world.simulation.sleep(for: .seconds(10))
            judge = Judge(world: world)
            verdict = judge.verdict()
        }
        if verdict.isEmpty, judge.isUnfinished { verdict = judge.needlessClaims() }
        world.simulation.trace("-- settled: \(verdict.isEmpty)")
        return verdict
    }

    /// Nothing is written and nothing asked but the probes, and all stays as it is.
    private static func rest(_ world: World, _ settings: WorldSettings) async throws -> [Violation] {
        let isFailing = world.adapters.contains { $0.phase != "Ready" && $0.phase != "Suspended" }
        // What was refused before the world healed is tried again in time, and a watch that fell silent is missed before.
        let unseen = world.now.sightedAt + Self.longestDelay - world.simulation.now
        try await world.simulation.sleep(for: max(unseen, settings.probeInterval * (isFailing ? 12 : 6)))
        world.monitor.reset()
        try await world.simulation.sleep(for: Self.rest)
        let counts = world.monitor.counts
        var noise = counts.statusWrites + counts.otherWrites
        let since = world.simulation.now - Self.rest - settings.probeInterval * 2
        // One for each Service of the server.
        if counts.modelWrites.count > world.monitor.lateLoads.count(since: since) * 2 { noise += counts.modelWrites }
        // What failed is tried again, at most every few minutes, and changes nothing.
        if !isFailing { noise += counts.changes }
        var verdict = Judge(world: world).verdict()
        verdict += noise.prefix(5).map { Violation("quiet at rest", $0.label) }
        return verdict + probes(counts, world, settings, isFailing: isFailing)
    }

    /// Exactly one health and one list for each connection and interval; a load that is tried again is followed by one more.
    private static func probes(
        _ counts: Monitor.Counts, _ world: World, _ settings: WorldSettings, isFailing: Bool
    ) -> [Violation] {
        let services = Set(world.adapters.map(\.service))
        let intervals = Int(Self.rest / settings.probeInterval)
        // A list that nothing explains is asked for a few times more.
        let since = world.simulation.now - Self.rest - settings.probeInterval * 2
        let surprises = world.monitor.lateLoads.count(since: since)
        var violations: [Violation] = []
        for pod in world.pods where !services.isDisjoint(with: pod.services) {
            let ways = connections(to: pod, in: world)
            let expected = intervals * ways.lowerBound
            let spare = 2 * ways.upperBound
            let most = intervals * ways.upperBound + (isFailing ? expected : spare) + surprises * 3
            for (kind, counts) in [("health", counts.health), ("models", counts.models)] {
                let count = counts[pod.authority] ?? 0
                guard count < expected - spare || count > most else { continue }
                let message = "\(pod.name) was asked for \(kind) \(count) times, not \(expected)"
                violations.append(Violation("one probe an interval", message))
            }
        }
        return violations
    }
}
