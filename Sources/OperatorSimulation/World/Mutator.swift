import KubeSimulator
import VLLMSimulator

/// Changes the world at random, as the seed says, and heals it again.
///
/// Each seed has a swarm of its own: about two thirds of the mutations and kinds of faults, so that some runs are calm
/// and a fault also meets the others' absence.
struct Mutator: Sendable {
    private let world: World
    private let random: RandomStream
    private let swarm: [Mutation]
    private let pause: ClosedRange<Duration>

    init(_ world: World) {
        self.world = world
        let random = world.simulation.random("mutations")
        self.random = random
        swarm = world.settings.mutations.filter { $0 == .createAdapter || random.chance(650) }
            .flatMap { Array(repeating: $0, count: $0.weight) }
        let longest = random.pick([2, 10, 40]) ?? 10
        pause = .milliseconds(10)...(.seconds(longest))
    }

    /// Mutates for `duration`.
    func run(for duration: Duration) async throws {
        let end = world.simulation.now + duration
        while true {
            let wait = random.duration(pause)
            guard world.simulation.now + wait < end else { break }
            try await world.simulation.sleep(for: wait)
            guard let mutation = random.pick(swarm) else { continue }
            do { try apply(mutation) } catch { world.violate("environment", "\(mutation.rawValue): \(error)") }
        }
        try await world.simulation.sleep(for: max(.zero, end - world.simulation.now))
    }

    private func apply(_ mutation: Mutation) throws {
        world.simulation.trace("-- \(mutation.rawValue)")
        switch mutation {
        case .createAdapter, .deleteAdapter, .recreateAdapter, .editPath, .editName, .editReplicas, .editSuspend,
            .editBase, .editService, .editPolicy:
            try AdapterMutator(world: world, random: random).apply(mutation)
        case .restartContainer: if let pod { world.restart(pod) }
        case .deletePod: if world.pods.count > 1, let pod { world.delete(pod, afterTerminating: grace) }
        case .createPod: try world.createPod(services: services)
        case .recreatePod: recreatePod()
        case .flipReadiness:
            guard let pod else { return }
            pod.change { $0.isReady.toggle() }
            world.publishLater(pod)
        case .troubleServer: troubleServer()
        case .slowLoads:
            let loadTime = random.duration(.milliseconds(10)...(.seconds(90)))
            pod?.server.reconfigure { $0.loadDuration = loadTime }
        case .loadOutOfBand:
            guard let pod, let name = random.pick(AdapterMutator.names) else { return }
            world.loadOutOfBand(Entry(name: name, root: random.path(of: name)), on: pod)
        case .unloadOutOfBand:
            guard let pod, let entry = random.pick(pod.entries.sorted()) else { return }
            world.unloadOutOfBand(entry, on: pod)
        case .deleteService: try deleteService()
        case .resetKubeConnections: world.network.resetConnections(to: World.kubeAuthority)
        case .stallKube: troubleLink(World.kubeAuthority)
        case .compactHistory: world.kube.compact()
        case .faultyNetwork: if let pod { troubleLink(pod.authority) }
        case .killOperator: world.killOperator()
        case .stopOperator: world.stopOperator()
        case .stepWallClock: world.simulation.clock.stepWallClock(by: Double(random.below(7_200) - 3_600))
        }
    }

    private var pod: SimulatedPod? { random.pick(world.pods.filter { !$0.now.isTerminating }) }

    private var services: [String] { random.chance(150) ? ["a", "b"] : [random.chance(600) ? "a" : "b"] }

    private var grace: Duration? { random.chance(500) ? random.duration(.seconds(1)...(.seconds(30))) : nil }

    /// As a StatefulSet does: the same name and often the same address, another uid.
    private func recreatePod() {
        guard let pod else { return }
        let wait = random.duration(.milliseconds(100)...(.seconds(60)))
        let address = random.chance(500) ? pod.address : nil
        world.delete(pod, afterTerminating: nil)
        world.simulation.spawn { [world] in
            try? await world.simulation.sleep(for: wait)
            guard world.now.pods[pod.name] == nil else { return }
            do {
                try world.createPod(services: pod.services, name: pod.name, address: address)
            } catch {
                world.violate("environment", "\(error)")
            }
        }
    }

    private func troubleServer() {
        guard let pod, let trouble = random.pick(ServerTrouble.allCases) else { return }
        let duration = random.duration(.seconds(1)...(.seconds(240)))
        world.simulation.trace("\(pod.name) is \(trouble.rawValue)")
        world.calm(pod)
        pod.change { $0.trouble = trouble }
        trouble.begin(on: pod.server)
        if trouble == .down {
            world.network.changeLink(to: pod.authority) { $0.fault = .refused }
            world.network.resetConnections(to: pod.authority)
        }
        world.simulation.spawn { [world] in
            try? await world.simulation.sleep(for: duration)
            guard pod.now.trouble == trouble else { return }
            world.calm(pod)
        }
    }

    private func troubleLink(_ authority: String) {
        let faults: [NetworkFault] = [.blackhole, .hang, .refused, .slow(.seconds(3)), .resetAfter]
        guard let fault = random.pick(faults) else { return }
        let duration = random.duration(.seconds(1)...(.seconds(120)))
        world.simulation.trace("link to \(authority): \(fault)")
        world.network.changeLink(to: authority) { $0.fault = fault }
        world.simulation.spawn { [world] in
            try? await world.simulation.sleep(for: duration)
            world.network.changeLink(to: authority) { link in if link.fault == fault { link.fault = nil } }
        }
    }

    private func deleteService() throws {
        guard let service = random.pick(world.now.services.sorted()) else { return }
        try world.deleteService(service)
        let wait = random.duration(.seconds(1)...(.seconds(60)))
        world.simulation.spawn { [world] in
            try? await world.simulation.sleep(for: wait)
            world.restoreService(service)
        }
    }
}

extension World {
    /// Ends a server's trouble.
    func calm(_ pod: SimulatedPod) {
        pod.change { $0.trouble = nil }
        ServerTrouble.end(on: pod.server)
        network.changeLink(to: pod.authority) { $0.fault = nil }
    }

    func restoreService(_ service: String) {
        guard !now.services.contains(service) else { return }
        do { try createService(service) } catch { violate("environment", "\(error)") }
    }

    /// Ends every fault, of servers, network and API server.
    func heal() {
        simulation.trace("-- heal")
        change { $0.sightedAt = simulation.now }
        kube.setFault(nil)
        network.heal()
        for service in ["a", "b"] { restoreService(service) }
        for pod in pods {
            calm(pod)
            pod.change { $0.isReady = true }
            pod.server.reconfigure { $0.loadDuration = .milliseconds(50) }
            publishLater(pod)
        }
    }
}
