import DynamicJSON
import Effects
import KubeSimulator
import Synchronization

/// What each operator process promises over several exchanges: loads of unknown outcome are not sent again blindly,
/// roll-outs leave enough servers with an adapter, and nothing is said of servers before they were asked.
final class Promises: Sendable {
    /// One name on one container, as one process deals with it.
    private struct Place: Hashable {
        var process: String
        var container: String
        var name: String
    }

    /// A load whose outcome its sender cannot know.
    private struct OpenLoad {
        var load: SentLoad
        var root: String
        var timeout: Duration
    }

    private struct SentLoad {
        var place: Place
        /// What listened there, if it had done so for long enough to be known; else what it was sent to is anybody's guess.
        var container: String?
        var at: Duration
    }

    private struct State {
        var sent: [Int: SentLoad] = [:]
        var openLoads: [Place: OpenLoad] = [:]
        /// Where an entry was unloaded to be replaced, and by nothing yet.
        var replaced: Set<Place> = []
        /// Servers that a process has asked, with or without success.
        var asked: [String: Set<String>] = [:]
        /// Secrets that a process could not have: it failed to ask all servers that want them.
        var denied: [String: Set<String>] = [:]
    }

    private let state = Mutex(State())

    func note(_ event: NetworkEvent, in world: World) {
        switch event {
        case .sent(let exchange) where !exchange.process.isEmpty:
            if exchange.isLoad { checkLoad(exchange, world) }
            if exchange.isUnload, world.settings.checksRollOut { checkRollOut(exchange, world) }
            if let target = exchange.statusTarget { checkStatus(exchange, of: target.name, world) }
        case .answered(let exchange, 200) where exchange.isModels && !exchange.process.isEmpty:
            settle(by: exchange, world)
        case .answered(let exchange, let status) where exchange.secret != nil && status >= 400:
            state.withLock { _ = $0.denied[exchange.process, default: []].insert(exchange.secret ?? "") }
        case .ended(let exchange, let failure) where !exchange.process.isEmpty:
            if exchange.isLoad { ended(exchange, failure) }
            if exchange.isModels || exchange.isHealth {
                state.withLock { _ = $0.asked[exchange.process, default: []].insert(exchange.authority) }
            }
        default: break
        }
    }

    private func place(_ exchange: Exchange, _ world: World) -> Place? {
        guard let pod = world.pod(at: exchange.authority) else { return nil }
        return Place(process: exchange.process, container: world.shownContainer(of: pod), name: exchange.entry.name)
    }

    // MARK: "A load whose outcome is unknown is looked up, not sent again before 2 × loadTimeout."

    private func checkLoad(_ exchange: Exchange, _ world: World) {
        let now = world.simulation.now
        guard let place = place(exchange, world), let pod = world.pod(at: exchange.authority) else { return }
        let container = pod.containerID
        let isKnown = world.isKnown(since: pod.now.startedAt)
        let open = state.withLock { state in
            state.sent[exchange.id] = SentLoad(place: place, container: isKnown ? container : nil, at: now)
            return state.openLoads[place]
        }
        // What died with its container is not repeated.
        guard let open, open.root == exchange.entry.root, open.load.container == container else { return }
        // Whoever makes `loadTimeout` shorter, shortens the look-up.
        let timeouts = world.adapters.flatMap { world.versions(of: $0, within: Monitor.blindness) }
            .filter { $0.entry == exchange.entry }.compactMap(\.loadTimeout)
        guard now < open.load.at + min(open.timeout, timeouts.min() ?? open.timeout) * 2 else { return }
        world.violate(
            "no blind repetition", "\(exchange.label) repeats a load of \(exchange.entry) whose outcome is unknown")
    }

    private func ended(_ exchange: Exchange, _ failure: HTTPFailure?) {
        state.withLock { state in
            // Where it was sent to: the container there may be another by now.
            guard let load = state.sent.removeValue(forKey: exchange.id) else { return }
            state.replaced.remove(load.place)
            guard let failure, failure.mayHaveBeenReceived, let timeout = exchange.request.options.totalTimeout else {
                state.openLoads[load.place] = nil
                return
            }
            state.openLoads[load.place] = OpenLoad(load: load, root: exchange.entry.root, timeout: timeout)
        }
    }

    /// A list that shows the name tells what became of the load.
    private func settle(by exchange: Exchange, _ world: World) {
        guard let pod = world.pod(at: exchange.authority), pod.now.trouble?.isHonest ?? true else { return }
        let (container, names) = (world.shownContainer(of: pod), Set(pod.adapters.keys))
        state.withLock { state in
            state.openLoads = state.openLoads.filter { $0.key.container != container || !names.contains($0.key.name) }
        }
    }

    // MARK: "at most `maxUnavailable` wanted servers without the adapter"

    /// Counts only what this process took away itself: of the rest it may not know yet.
    private func checkRollOut(_ exchange: Exchange, _ world: World) {
        guard let pod = world.pod(at: exchange.authority), let place = place(exchange, world),
            let root = pod.adapters[place.name]
        else { return }
        let old = Entry(name: place.name, root: root)
        let owner = world.adapters.first { adapter in
            adapter.loraName == place.name && adapter.claims.contains(old) && adapter.claims.contains(adapter.entry)
                && adapter.path != root && !adapter.isTerminating && !adapter.isSuspended && adapter.replicas == nil
                && world.leads(adapter.service, to: pod)
                && world.isKnown(since: world.now.portsChangedAt[adapter.service])
        }
        guard let owner else { return }
        // Where an older object has the name, the entry is given up for that one: no roll-out.
        let isYielding = world.adapters.contains {
            $0.loraName == place.name && $0.isOlder(than: owner) && pod.services.contains($0.service)
        }
        if isYielding { return }
        let wishes = world.versions(of: owner, within: Monitor.blindness)
        // "A healthy server without the name … counts as ok."
        if wishes.contains(where: \.isOnDemand) { return }
        let others = world.pods.filter { other in
            other.uid != pod.uid && world.leads(owner.service, to: other) && !other.now.isTerminating
                && other.adapters[place.name] == nil
        }
        let lacking = state.withLock { state in
            defer { state.replaced.insert(place) }
            return others.filter {
                state.replaced.contains(
                    Place(process: exchange.process, container: world.shownContainer(of: $0), name: place.name))
            }
        }
        // The operator goes by the spec that it has.
        let limit = wishes.map(\.maxUnavailable).max() ?? 1
        guard lacking.count + 1 > limit else { return }
        let names = lacking.map(\.name).joined(separator: ", ")
        world.violate("maxUnavailable", "\(exchange.label) replaces \(old) while \(names) lack the name")
    }

    // MARK: "no status is written for an object until each of its servers has answered or failed once"

    private func checkStatus(_ exchange: Exchange, of name: String, _ world: World) {
        let json = exchange.json
        guard let adapter = world.adapter(name), let status = json["status"], let old = adapter.object["status"],
            old["observedGeneration"]?.intValue == adapter.generation, !adapter.isTerminating,
            world.now.services.contains(adapter.service),
            // A port whose name is nowhere to be found leads to no server.
            world.isKnown(since: world.now.portsChangedAt[adapter.service]),
            adapter.portName.map({ $0 == world.portName(of: adapter.service) }) ?? true
        else { return }
        // Its endpoints come and go with it, and a process may see them late.
        let now = world.now
        guard let changedAt = now.servicesChangedAt[adapter.service], changedAt + .seconds(5) < now.sightedAt else {
            return
        }
        let (asked, denied) = state.withLock {
            ($0.asked[exchange.process] ?? [], $0.denied[exchange.process] ?? [])
        }
        if let secret = adapter.secret, denied.contains(secret) { return }
        for line in adapter.servers {
            guard let pod = now.pods[line["name"]?.stringValue ?? ""], !pod.now.isTerminating,
                pod.address == line["address"]?.stringValue, pod.containerID == line["incarnation"]?.stringValue,
                pod.port == Int(line["port"]?.intValue ?? 0), world.leads(adapter.service, to: pod),
                !asked.contains(pod.authority),
                // Of where a pod came the operator hears later.
                world.isKnown(since: pod.now.movedAt),
                !status.addsOnlyClaims(to: old)
            else { continue }
            world.violate("status after a restart", "\(exchange.label) says something before \(pod.name) was asked")
        }
    }
}
