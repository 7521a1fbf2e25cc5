import DynamicJSON
import Effects
import Synchronization
import VLLMSimulator

/// Notes what loads bring where nobody can be expected to look for it any more: it is foreign from then on.
final class LateLoads: Sendable {
    private let ends = Mutex<[Duration]>([])
    /// Loads that have not ended: when they were sent, and whether to a container so young that their sender may take it for
    /// the one before.
    private let sent = Mutex<[Int: (at: Duration, isToYoung: Bool)]>([:])

    /// How many of them ended after that: what they brought is news to ServedModels.
    func count(since time: Duration) -> Int { ends.withLock { $0.count { $0 > time } } }

    /// A load of unknown outcome is looked up for 2 × `loadTimeout` ("Truth", 7): what it brings later is foreign.
    func expect(_ exchange: Exchange, in world: World) {
        guard let timeout = exchange.request.options.totalTimeout, let pod = world.pod(at: exchange.authority) else {
            return
        }
        let container = pod.containerID
        let isToYoung = !world.isKnown(since: pod.now.startedAt)
        sent.withLock { $0[exchange.id] = (world.simulation.now, isToYoung) }
        world.simulation.spawn {
            try? await world.simulation.sleep(for: timeout * 2)
            guard pod.containerID == container, !pod.entries.contains(exchange.entry),
                pod.server.isLoading(exchange.entry.name)
            else { return }
            world.change { state in
                state.late[container, default: []].insert(exchange.entry)
                state.overdue[container, default: []].insert(exchange.entry)
            }
        }
    }

    /// A load that its sender gave up before it can have heard of the container: with the one that it knew, the load was gone.
    func giveUp(_ exchange: Exchange, in world: World) {
        guard sent.withLock({ $0[exchange.id]?.isToYoung }) == true, let pod = world.pod(at: exchange.authority),
            pod.server.isLoading(exchange.entry.name)
        else { return }
        _ = world.change { $0.late[pod.containerID, default: []].insert(exchange.entry) }
    }

    /// A load that ends where a list asked for by a later process already proved absence, on a server that its object has
    /// nothing to do with, or after a look-up that somebody made shorter: by the contract nobody need look for it there.
    func noteEnd(_ exchange: Exchange, on pod: SimulatedPod, in world: World) {
        let entry = exchange.entry
        guard pod.entries.contains(entry) else { return }
        let isSenderAlive = world.now.processes.first { $0.name == exchange.process }?.isAlive ?? true
        let start = sent.withLock { $0.removeValue(forKey: exchange.id)?.at }
        guard !isSenderAlive || isStray(entry, on: pod, in: world) || isOverdue(entry, since: start, in: world) else {
            return
        }
        ends.withLock { $0.append(world.simulation.now) }
        _ = world.change { $0.late[pod.containerID, default: []].insert(entry) }
    }

    /// Whether a `loadTimeout` that an object has had since the load was sent is over twice.
    private func isOverdue(_ entry: Entry, since start: Duration?, in world: World) -> Bool {
        guard let start else { return false }
        let age = world.simulation.now - start
        return world.adapters.map { world.versions(of: $0, within: age) }.contains { versions in
            let timeout = versions.compactMap(\.loadTimeout).min()
            return versions.contains { $0.entry == entry } && timeout.map { $0 * 2 < age } ?? false
        }
    }

    /// Whether the pod is new, at the address of another one, and objects that claim this meant that one: they have no line
    /// for the new one, or nothing to do with its Services.
    private func isStray(_ entry: Entry, on pod: SimulatedPod, in world: World) -> Bool {
        let claimants = world.adapters.filter { $0.claims.contains(entry) }
        return !world.isKnown(since: pod.now.startedAt) && !claimants.isEmpty
            && !claimants.contains { adapter in
                adapter.claims(on: pod.everServices).contains(entry)
                    && adapter.servers.contains {
                        $0["name"]?.stringValue == pod.name && $0["address"]?.stringValue == pod.address
                    }
            }
    }
}
