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
        pause = .milliseconds(10)...(.seconds(random.pick(world.settings.longestPauses) ?? 40))
    }

    /// Mutates for `duration`.
    func run(for duration: Duration) async throws {
        let end = world.simulation.now + duration
        while true {
            let wait = random.duration(pause)
            guard world.simulation.now + wait < end else { break }
            try await world.simulation.sleep(for: wait)
            guard let mutation = random.pick(swarm) else { continue }
            do {
                switch mutation {
                case .flurry: try await flurry()
                case .passOn: try await AdapterMutator(world: world, random: random).passOn()
                default: try apply(mutation)
                }
            } catch {
                world.violate("environment", "\(mutation.rawValue): \(error)")
            }
        }
        try await world.simulation.sleep(for: max(.zero, end - world.simulation.now))
    }

    private func apply(_ mutation: Mutation) throws {
        world.simulation.trace("-- \(mutation.rawValue)")
        switch mutation {
        case .createAdapter, .deleteAdapter, .recreateAdapter, .editPath, .editName, .editReplicas, .editSuspend,
            .editBase, .editService, .editPolicy, .editLoading, .editUpdate, .editLoadTimeout, .editDeletion, .editPort,
            .editKey:
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
        case .requestAdapter:
            // As a plugin does: a name that is there, it leaves alone.
            guard let pod, let name = random.pick(AdapterMutator.names), pod.adapters[name] == nil else { return }
            world.loadOutOfBand(Entry(name: name, root: World.resolved(name)), on: pod)
        case .loadOutOfBand:
            guard let pod, let name = random.pick(AdapterMutator.names) else { return }
            world.loadOutOfBand(Entry(name: name, root: random.path(of: name)), on: pod)
        case .unloadOutOfBand:
            guard let pod, let entry = random.pick(pod.entries.sorted()) else { return }
            world.unloadOutOfBand(entry, on: pod)
        case .deleteService: try deleteService()
        case .renamePort:
            guard let service = random.pick(world.now.services.sorted()) else { return }
            try world.renamePort(of: service, to: random.chance(500) ? "web" : "http")
        case .changeTargetPort:
            guard let service = random.pick(world.now.services.sorted()) else { return }
            try world.retarget(service, to: random.pick([nil] + SimulatedPod.ports) ?? nil)
        case .rollOut: rollOut()
        case .unserve: unserve()
        case .spoilFiles: spoilFiles()
        case .movePod: if let pod { try world.move(pod, to: services) }
        case .rotateKey: rotateKey()
        case .deleteSecret: try deleteSecret()
        case .forbid: forbid()
        case .flurry, .passOn: break
        case .resetKubeConnections: world.network.resetConnections(to: World.kubeAuthority)
        case .stallKube: troubleLink(World.kubeAuthority)
        case .compactHistory: world.kube.compact()
        case .faultyNetwork: if let pod { troubleLink(pod.authority) }
        case .killOperator: world.killOperator()
        case .stopOperator: world.stopOperator()
        case .stepWallClock: world.simulation.clock.stepWallClock(by: Double(random.below(7_200) - 3_600))
        }
    }

    private func flurry() async throws {
        let name = random.pick(world.adapters)?.loraName
        let mutator = AdapterMutator(world: world, random: random, loraName: name)
        let edits: [Mutation] = [
            .editName, .editSuspend, .editPath, .editService, .deleteAdapter, .recreateAdapter, .createAdapter,
            .editLoading,
        ]
        for _ in 0..<(2 + random.below(5)) {
            if let edit = random.pick(edits) { try mutator.apply(edit) }
            try await world.simulation.sleep(for: random.duration(.milliseconds(1)...(.seconds(3))))
        }
    }

    /// Servers and Secrets get the new key one after the other.
    private func rotateKey() {
        guard world.now.apiKey != nil else { return }
        world.demandKey("\(World.keyPrefix)\(random.below(1_000_000))")
        for pod in world.pods { later { $0.giveKey(to: pod) } }
        for secret in World.secrets { later { $0.storeKey(in: secret) } }
    }

    private func deleteSecret() throws {
        guard let secret = random.pick(World.secrets),
            world.kube.get("secrets", namespace: World.namespace, name: secret) != nil
        else { return }
        try world.kube.delete("secrets", namespace: World.namespace, name: secret)
        later { $0.storeKey(in: secret) }
    }

    private func forbid() {
        let kinds = ["/loraadapters", "/status", "/services", "/endpointslices", "/pods", "/secrets", "/servedmodels"]
        let forbidden = random.pick(kinds)
        world.simulation.trace("forbidden: \(forbidden ?? "")")
        world.change { $0.forbidden = forbidden }
        if random.chance(500) { world.network.resetConnections(to: World.kubeAuthority) }
        later { world in world.change { if $0.forbidden == forbidden { $0.forbidden = nil } } }
    }

    /// Within a minute.
    private func later(_ body: @escaping @Sendable (World) -> Void) {
        let wait = random.duration(.zero ... .seconds(60))
        world.simulation.spawn { [world] in
            try? await world.simulation.sleep(for: wait)
            body(world)
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

    /// As a Deployment or a StatefulSet does.
    private func rollOut() {
        guard let service = random.pick(world.now.services.sorted()) else { return }
        let hasNewNames = random.chance(600)
        let longest = random.pick([1, 5, 30]) ?? 5
        let pods = world.pods.filter { $0.services.contains(service) && !$0.now.isTerminating }
        world.simulation.trace("pods of \(service) are replaced\(hasNewNames ? "" : " under their names")")
        world.simulation.spawn { [world, random] in
            for pod in pods {
                let wait = random.duration(.milliseconds(100)...(.seconds(longest)))
                guard (try? await world.simulation.sleep(for: wait)) != nil, !world.now.isHealed else { return }
                guard world.now.pods[pod.name]?.uid == pod.uid, !pod.now.isTerminating else { continue }
                do {
                    if hasNewNames {
                        // Where all addresses are in use, nothing can be made first.
                        guard try world.createPod(services: pod.services) != nil else { return }
                        world.delete(pod, afterTerminating: wait)
                    } else {
                        world.delete(pod, afterTerminating: nil)
                        try await world.simulation.sleep(for: wait)
                        guard !world.now.isHealed, world.now.pods[pod.name] == nil else { return }
                        try world.createPod(services: pod.services, name: pod.name)
                    }
                } catch {
                    world.violate("environment", "\(error)")
                }
            }
        }
    }

    private func spoilFiles() {
        guard let path = random.pick(world.adapters)?.path, world.isLoadable(path), let pod else { return }
        let files = random.pick([AdapterFiles.missing, .broken("no weights"), .rank(64)]) ?? .missing
        let pods = random.chance(500) ? [pod] : world.pods
        world.simulation.trace("\(path) is \(files) for \(pods.map(\.name))")
        for pod in pods { pod.server.reconfigure { $0.files[path] = files } }
        later { _ in for pod in pods { pod.server.reconfigure { $0.files[path] = nil } } }
    }

    private func unserve() {
        let kind = random.pick(["/loraadapters", "/servedmodels"])
        world.simulation.trace("not served: \(kind ?? "")")
        world.change { $0.unserved = kind }
        if random.chance(700) { world.network.resetConnections(to: World.kubeAuthority) }
        later { world in world.change { if $0.unserved == kind { $0.unserved = nil } } }
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
