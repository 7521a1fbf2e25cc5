import DynamicJSON
import VLLMSimulator

/// What must hold once faults have stopped and time has passed, asked of a world as it was at one moment.
struct Judge {
    /// A pod, as it was then.
    private struct Pod {
        let name: String
        let uid: String
        let port: Int
        let services: [String]
        let isTerminating: Bool
        let containerID: String
        let adapters: [String: String]
        /// Whether its vLLM knows `load_inplace`.
        let replacesInPlace: Bool
        let entries: Set<Entry>
        /// What objects can take for their own here, whoever put it there: "if and only if it equals one of its claims".
        let claimed: Set<Entry>
    }

    private let world: World
    private let state: World.State
    private let adapters: [Adapter]
    private let pods: [Pod]

    /// Looks at `world` now.
    init(world: World) {
        let adapters = world.adapters
        let (foreign, overdue) = (world.now.foreign, world.now.overdue)
        self.world = world
        self.adapters = adapters
        pods = world.pods.map { pod in
            Pod(
                name: pod.name, uid: pod.uid, port: pod.port, services: pod.services,
                isTerminating: pod.now.isTerminating,
                containerID: pod.containerID, adapters: pod.adapters,
                replacesInPlace: pod.server.version >= VLLMVersion(0, 15), entries: pod.entries,
                claimed: pod.claimed(
                    by: adapters,
                    besides: (foreign[pod.containerID] ?? []).union(overdue[pod.containerID] ?? [])))
        }
        state = world.now
    }

    /// Everything that is not as it should be, in a fixed order.
    func verdict() -> [Violation] {
        var violations = adapters.filter(\.isTerminating).map { adapter in
            Violation("no finalizer left", "\(adapter.name) is still terminating: \(adapter.phase)")
        }
        for adapter in adapters where !adapter.isTerminating {
            violations += convergence(of: adapter) + truth(of: adapter)
        }
        for pod in pods { violations += leaks(on: pod) + collateral(on: pod) }
        return violations
    }

    private var listed: Set<Entry> { pods.reduce(into: []) { $0.formUnion($1.entries) } }

    /// Whether a status is still to change although all is as it should be.
    var isUnfinished: Bool {
        let listed = listed
        if adapters.contains(where: { $0.isUnfinished(listed) }) { return true }
        // What a process before this one may have sent is expected for twice the longest loadTimeout.
        let mayInherit = world.simulation.now < state.sightedAt + Self.inheritance
        return mayInherit && adapters.contains { $0.claims.count > 1 || !$0.claims.isEmpty && $0.phase != "Ready" }
    }

    /// Twice the longest `loadTimeout` of the simulation, after at most two minutes in which a watch may be silent.
    private static let inheritance = Duration.seconds(2 * 120 + 130)

    /// Claims that stand although no server can hold what they cover: "removed when no server can still hold it".
    func needlessClaims() -> [Violation] {
        let listed = listed
        return adapters.filter { $0.isUnfinished(listed) }.map { adapter in
            Violation("claims end", "\(adapter.name) still claims \(adapter.claims), and \(listed.sorted()) is there")
        }
    }

    /// Servers that an adapter is about.
    private func wanted(_ adapter: Adapter) -> [Pod] {
        guard state.services.contains(adapter.service) else { return [] }
        return pods.filter { $0.services.contains(adapter.service) && !$0.isTerminating }
    }

    /// Why an adapter need not be loaded on a server; nil when it must be.
    private func excuse(of adapter: Adapter, on pod: Pod) -> String? {
        obstacle(of: adapter, on: pod)
            ?? (isHeldBack(adapter, on: pod) ? "too many servers lack the adapter" : nil)
    }

    /// "At most `maxUnavailable` wanted servers without the adapter (those already without it count)": whether a
    /// replacement here waits for servers that an obstacle keeps without it.
    private func isHeldBack(_ adapter: Adapter, on pod: Pod) -> Bool {
        func own(_ pod: Pod) -> Entry? {
            pod.adapters[adapter.loraName].map { Entry(name: adapter.loraName, root: $0) }
                .flatMap { $0 == adapter.entry || adapter.claims.contains($0) ? $0 : nil }
        }
        guard let entry = own(pod), entry != adapter.entry, !adapter.isOnDemand else { return false }
        // "A failed load stops the roll-out there; the rest keep the old path."
        if wanted(adapter).contains(where: { isStuckInPlace(adapter, on: $0) }) { return true }
        let lacking = wanted(adapter).filter { own($0) == nil || obstacle(of: adapter, on: $0) != nil }
        return lacking.count >= adapter.maxUnavailable
            && lacking.allSatisfy { obstacle(of: adapter, on: $0) != nil }
    }

    /// What keeps an adapter off a server for as long as nobody changes anything.
    private func obstacle(of adapter: Adapter, on pod: Pod) -> String? {
        if adapter.isSuspended { return "suspended" }
        if let base = adapter.base, base != world.settings.baseModel { return "another base model" }
        let rival = adapters.first { other in
            other.uid != adapter.uid && other.loraName == adapter.loraName && other.isOlder(than: adapter)
                && wanted(other).contains { $0.uid == pod.uid }
        }
        if let rival { return "\(rival.name) has the name" }
        if let root = pod.adapters[adapter.loraName], root != adapter.path {
            let entry = Entry(name: adapter.loraName, root: root)
            if isForeign(entry, on: pod) { return "a foreign adapter has the name" }
            // "No load, unload or adoption; claims and names kept."
            let holder = adapters.first { $0.uid != adapter.uid && $0.isSuspended && $0.claims.contains(entry) }
            if let holder { return "\(holder.name), which is suspended, has it loaded" }
            // "Load where newly wanted, then unload": whose Service lacks endpoints has not got it anywhere else.
            let keeper = adapters.first { other in
                other.uid != adapter.uid && wanted(other).isEmpty && other.claims(on: [other.service]).contains(entry)
            }
            if let keeper { return "\(keeper.name) keeps it until its Service has endpoints again" }
        }
        if isStuckInPlace(adapter, on: pod) { return "this vLLM replaces nothing in place" }
        return world.isLoadable(adapter.path) || adapter.isOnDemand ? nil : "its path cannot be loaded"
    }

    /// `InPlaceUnsupported`, which is a permanent refusal.
    private func isStuckInPlace(_ adapter: Adapter, on pod: Pod) -> Bool {
        guard adapter.isInPlace, !adapter.isOnDemand, !pod.replacesInPlace else { return false }
        return pod.adapters[adapter.loraName].map { $0 != adapter.path } ?? false
    }

    private func isForeign(_ entry: Entry, on pod: Pod) -> Bool {
        let others = [
            state.foreign[pod.containerID] ?? [], state.orphaned, state.late[pod.containerID] ?? [],
            state.abandoned[pod.containerID] ?? [],
        ]
        return !pod.claimed.contains(entry) && others.contains { $0.contains(entry) }
    }

    private func convergence(of adapter: Adapter) -> [Violation] {
        let wanted = wanted(adapter)
        let free = wanted.filter { excuse(of: adapter, on: $0) == nil }
        if adapter.isOnDemand { return convergence(of: adapter, onDemandOn: free) }
        let holding = free.filter { $0.entries.contains(adapter.entry) }
        let count = min(adapter.replicas ?? free.count, free.count)
        // Slots go by hash, and stay with servers that cannot have the adapter.
        let least = adapter.replicas.map { max(0, min($0, wanted.count) - (wanted.count - free.count)) } ?? count
        guard !(least...max(least, count)).contains(holding.count) else { return [] }
        let lacking = free.filter { !$0.entries.contains(adapter.entry) }.map(\.name).joined(separator: ", ")
        let message =
            "\(adapter.name) (\(adapter.entry)) is on \(holding.count) servers, not \(count); not on \(lacking)"
        return [Violation("convergence", message)]
    }

    /// "Nothing is ever loaded by us", but what the object had there under its name before is not to answer for it.
    private func convergence(of adapter: Adapter, onDemandOn free: [Pod]) -> [Violation] {
        free.compactMap { pod in
            guard let root = pod.adapters[adapter.loraName], root != adapter.path else { return nil }
            return Violation("convergence", "\(pod.name) has \(root) where \(adapter.name) wants \(adapter.entry)")
        }
    }

    private func truth(of adapter: Adapter) -> [Violation] {
        func lie(_ message: String) -> Violation { Violation("truthful status", "\(adapter.name) \(message)") }
        var violations: [Violation] = []
        let observed = adapter.object["status", "observedGeneration"]?.intValue
        if observed != adapter.generation {
            violations.append(lie("is at generation \(adapter.generation), its status at \(observed ?? -1)"))
        }
        let wanted = wanted(adapter)
        var loaded = 0
        for server in adapter.servers {
            let name = server["name"]?.stringValue ?? ""
            let state = server["state"]?.stringValue ?? ""
            let port = Int(server["port"]?.intValue ?? 0)
            guard let pod = pods.first(where: { $0.name == name && $0.port == port }) else {
                violations.append(lie("lists \(name):\(port), which is gone, as \(state)"))
                continue
            }
            if state == "Loaded" || state == "OnDemand" { loaded += 1 }
            let isHeld = pod.entries.contains(adapter.entry)
            if state == "Loaded", !isHeld { violations.append(lie("says Loaded of \(name), which lacks it")) }
            if ["Absent", "Loading", "Unreachable", "Unknown", "OnDemand"].contains(state), isHeld,
                excuse(of: adapter, on: pod) == nil
            {
                violations.append(lie("says \(state) of \(name), which holds it"))
            }
        }
        let free = wanted.filter { excuse(of: adapter, on: $0) == nil }
        let desired = adapter.replicas ?? wanted.count
        let isReady = desired > 0 && loaded >= desired
        if !adapter.isSuspended, isReady != (adapter.condition("Ready") == "True") {
            violations.append(lie("has Ready=\(adapter.condition("Ready")) with \(loaded) of \(desired) servers"))
        }
        if !wanted.isEmpty, free.count == wanted.count, wanted.count >= desired, adapter.phase != "Ready" {
            violations.append(lie("should be Ready and is \(adapter.phase)"))
        }
        return violations
    }

    /// Entries that nobody wants any more.
    private func leaks(on pod: Pod) -> [Violation] {
        let foreign = state.foreign[pod.containerID] ?? []
        return pod.entries.sorted().compactMap { entry in
            if foreign.contains(entry) || state.orphaned.contains(entry) { return nil }
            if state.abandoned[pod.containerID]?.contains(entry) == true { return nil }
            if state.late[pod.containerID]?.contains(entry) == true, !pod.claimed.contains(entry) { return nil }
            let isWanted = adapters.contains { adapter in
                let wanted = wanted(adapter)
                if adapter.entry == entry, wanted.contains(where: { $0.uid == pod.uid }) { return true }
                // What an object holds that cannot get all it wants, it may keep: "load where newly wanted, then unload".
                let isHeld = wanted.isEmpty || wanted.contains { excuse(of: adapter, on: $0) != nil }
                return adapter.claims.contains(entry) && (isHeld || adapter.isSuspended)
            }
            return isWanted ? nil : Violation("no leak", "\(pod.name) still holds \(entry), which nobody wants")
        }
    }

    /// What others loaded is still there, unless somebody was allowed to take it.
    private func collateral(on pod: Pod) -> [Violation] {
        (state.foreign[pod.containerID] ?? []).subtracting(pod.entries).sorted().compactMap { entry in
            if state.overwritten.contains(entry.name) || world.monitor.wasClaimed(entry) { return nil }
            return Violation("no collateral", "\(pod.name) lost \(entry), which was foreign")
        }
    }
}

extension SimulatedPod {
    /// What the objects can take for their own here.
    ///
    /// Under a Service that it left, that is what they put there, and not what somebody else did, nor what a load brought
    /// that nobody looks for any more.
    fileprivate func claimed(by adapters: [Adapter], besides foreign: Set<Entry>) -> Set<Entry> {
        let now = Set(adapters.flatMap { $0.claims(on: services) })
        return now.union(Set(adapters.flatMap { $0.claims(on: everServices) }).subtracting(foreign))
    }
}
