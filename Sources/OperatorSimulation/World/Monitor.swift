import DynamicJSON
import Effects
import Synchronization
import VLLMSimulator

/// Watches every exchange while the operator runs, and checks what must hold at each moment.
final class Monitor: Sendable {
    /// What was counted since ``reset()``.
    struct Counts: Sendable {
        var statusWrites: [Exchange] = []
        /// Those of ServedModels, which tell of adapters that no LoRAAdapter stands for, too.
        var modelWrites: [Exchange] = []
        /// Writes to the API server that are neither status nor lease: events, finalizers.
        var otherWrites: [Exchange] = []
        var changes: [Exchange] = []
        var health: [String: Int] = [:]
        var models: [String: Int] = [:]
    }

    private struct State {
        var counts = Counts()
        /// Loads and unloads under way, by process and server.
        var inFlight: [String: [Exchange]] = [:]
        /// Lists answered whose arrival is still open, by exchange.
        var answered: [Int: (entries: Set<Entry>, container: String)] = [:]
        /// Lists that arrived, and when, by server; the newest last, the older ones only as long as they may excuse.
        var lists: [String: [(at: Duration, entries: Set<Entry>, container: String)]] = [:]
        var claimed: Set<Entry> = []
        /// Processes that were just told that an event is gone whose series they end: they write it anew.
        var endingSeries: Set<String> = []
        /// Loads and unloads that did not end yet, by exchange.
        var sent: [Int: Sent] = [:]
        /// The statuses that stood when the last ones were written, by object.
        var statuses: [String: [JSONValue]] = [:]
    }

    /// A load or unload as it was when it was sent.
    private struct Sent {
        var at: Duration
        /// What its sender could know to be under the name.
        var known: Set<Entry>
        /// What is there, and may be taken away.
        var allowed: Set<Entry>
    }

    /// So old may the list be by which something is taken away, its way and the request's included.
    private static let freshness = Duration.seconds(15)

    /// Between the arrival of a list and the write of a status that follows from it.
    ///
    /// Where objects have keys, or somebody still goes by an earlier container, the list may be that of another connection,
    /// older than the last by a probe and its retry.
    private static func patience(at authority: String, _ world: World) -> Duration {
        let long = Duration.seconds(65)
        let isNew = world.pod(at: authority).map { world.simulation.now - $0.now.startedAt < long } ?? false
        return world.now.apiKey != nil || isNew ? long : .seconds(5)
    }

    /// How long a silent watch may go unnoticed, and the list after it fail.
    static let blindness = Duration.seconds(120)

    private let state = Mutex(State())
    private let promises = Promises()
    private let releases = Releases()
    private let pace = Pace()
    let lateLoads = LateLoads()

    var counts: Counts { state.withLock { $0.counts } }

    /// Whether any object ever claimed the entry, and so could take it for its own.
    func wasClaimed(_ entry: Entry) -> Bool { state.withLock { $0.claimed.contains(entry) } }

    func reset() { state.withLock { $0.counts = Counts() } }

    func note(_ event: NetworkEvent, in world: World) {
        promises.note(event, in: world)
        releases.note(event, in: world)
        switch event {
        case .sent(let exchange):
            guard !exchange.process.isEmpty else { return }
            count(exchange)
            Restraint.check(exchange, in: world)
            pace.note(exchange, in: world)
            if exchange.isLoad {
                checkClaim(exchange, world)
                lateLoads.expect(exchange, in: world)
            }
            if exchange.isChangeOfServer {
                checkOneAtATime(exchange, world)
                noteSent(exchange, world)
            }
            if let target = exchange.statusTarget { checkStatus(exchange, of: target.name, world) }
        case .received(let exchange):
            if exchange.isUnload { checkOwnership(exchange, world) }
        case .answered(let exchange, let status):
            if status == 404, exchange.isEventSeries {
                _ = state.withLock { $0.endingSeries.insert(exchange.process) }
            }
            if exchange.isChangeOfServer {
                world.simulation.trace(
                    "\(exchange.label) \(String(decoding: exchange.request.body ?? [], as: UTF8.self)): \(status)")
                noteEnd(exchange, world)
            }
            guard exchange.isModels, status == 200, let pod = world.pod(at: exchange.authority),
                pod.now.trouble?.isHonest ?? true
            else { return }
            state.withLock { $0.answered[exchange.id] = (pod.entries, pod.containerID) }
        case .dropped(let exchange): if exchange.isChangeOfServer { noteEnd(exchange, world) }
        case .ended(let exchange, let failure):
            if exchange.isLoad, failure != nil { lateLoads.giveUp(exchange, in: world) }
            let (now, patience) = (world.simulation.now, Self.patience(at: exchange.authority, world))
            state.withLock { state in
                if exchange.isChangeOfServer { state.inFlight[Self.key(exchange)]?.removeAll { $0.id == exchange.id } }
                guard exchange.isModels, let list = state.answered.removeValue(forKey: exchange.id) else { return }
                var lists = state.lists[exchange.authority] ?? []
                while lists.count > 1, lists[1].at < now - patience { lists.removeFirst() }
                state.lists[exchange.authority] = lists + [(now, list.entries, list.container)]
            }
        }
    }

    /// A load meets what is there when it is sent, an unload what the last list showed: it names no path.
    private func noteSent(_ exchange: Exchange, _ world: World) {
        let name = exchange.entry.name
        let present = (world.pod(at: exchange.authority)?.entries ?? []).filter { $0.name == name }
        let known = exchange.isLoad ? present : known(at: exchange.authority, world).filter { $0.name == name }
        let sent = Sent(
            at: world.simulation.now, known: known, allowed: present.filter { isOurs($0, world) })
        state.withLock { $0.sent[exchange.id] = sent }
    }

    /// What the last list showed; where servers ask for keys, each of the last ones: through which connection it was asked
    /// for, nobody can tell here.
    private func known(at authority: String, _ world: World) -> Set<Entry> {
        let lists = state.withLock { $0.lists[authority] ?? [] }
        let last = world.now.apiKey == nil ? lists.suffix(1) : lists[...]
        return last.dropFirst().reduce(last.first?.entries ?? []) { $0.intersection($1.entries) }
    }

    private func noteEnd(_ exchange: Exchange, _ world: World) {
        let sent = state.withLock { $0.sent.removeValue(forKey: exchange.id) }
        guard let pod = world.pod(at: exchange.authority) else { return }
        let entries = pod.entries
        world.change { state in
            // What somebody put there since, it took away: nobody could have known.
            let lost = (state.foreign[pod.containerID] ?? []).filter { entry in
                guard let sent, entry.name == exchange.entry.name, !entries.contains(entry) else { return false }
                let since = state.placed[pod.containerID]?[entry] ?? .zero
                return !sent.known.contains(entry) && since > sent.at - Self.freshness
            }
            state.foreign[pod.containerID]?.subtract(lost)
        }
        if exchange.isLoad { lateLoads.noteEnd(exchange, on: pod, in: world) }
    }

    private static func key(_ exchange: Exchange) -> String { "\(exchange.process) \(exchange.authority)" }

    private func count(_ exchange: Exchange) {
        state.withLock { state in
            if exchange.isHealth { state.counts.health[exchange.authority, default: 0] += 1 }
            if exchange.isModels { state.counts.models[exchange.authority, default: 0] += 1 }
            if exchange.isChangeOfServer { state.counts.changes.append(exchange) }
            guard exchange.authority == World.kubeAuthority, !exchange.request.method.isSafe else { return }
            if exchange.isOfServedModels {
                state.counts.modelWrites.append(exchange)
            } else if exchange.statusTarget != nil {
                state.counts.statusWrites.append(exchange)
            } else if exchange.isEvent {
                // The end of a series is told minutes after the last one.
                if exchange.isEventSeries || state.endingSeries.remove(exchange.process) != nil { return }
                state.counts.otherWrites.append(exchange)
            } else if !exchange.isLease {
                state.counts.otherWrites.append(exchange)
            }
        }
    }

    /// No load before the finalizer and a claim that covers it are persisted.
    private func checkClaim(_ exchange: Exchange, _ world: World) {
        let entry = exchange.entry
        let holders = world.adapters.filter { $0.claims.contains(entry) }
        if !holders.contains(where: \.hasFinalizer) {
            let missing = holders.isEmpty ? "no claim" : "no finalizer"
            world.violate("claim before load", "\(exchange.label) loads \(entry) with \(missing) persisted")
        }
    }

    private func checkOneAtATime(_ exchange: Exchange, _ world: World) {
        let others = state.withLock { state in
            defer { state.inFlight[Self.key(exchange), default: []].append(exchange) }
            return state.inFlight[Self.key(exchange)] ?? []
        }
        guard !others.isEmpty else { return }
        let labels = others.map(\.label).joined(separator: ", ")
        world.violate("one change at a time", "\(exchange.label) while \(labels) is under way")
    }

    /// Only what an object claims is unloaded, or what one may overwrite.
    private func checkOwnership(_ exchange: Exchange, _ world: World) {
        guard !exchange.process.isEmpty, let pod = world.pod(at: exchange.authority) else { return }
        let name = exchange.json["lora_name"]?.stringValue ?? ""
        guard let root = pod.adapters[name] else { return }
        let entry = Entry(name: name, root: root)
        // Since the list by which it was sent, somebody may have put it there.
        let placed = world.now.placed[pod.containerID]?[entry]
        let isNew = placed.map { world.simulation.now - $0 < Self.freshness } ?? true
        guard !isNew || known(at: exchange.authority, world).contains(entry) else { return }
        // Until a watch that has gone silent is missed, the operator goes by the spec that it has.
        let withdrawn = world.now.withdrawn[name].map { world.simulation.now - $0 < Self.blindness } ?? false
        // "A terminating pod gets one attempt and holds nobody up": when that arrives, its object may be gone.
        let isLeaving = pod.now.isTerminating && wasClaimed(entry)
        let wasOurs = state.withLock { $0.sent[exchange.id]?.allowed.contains(entry) ?? false }
        if !isOurs(entry, world), !wasOurs, !withdrawn, !isLeaving {
            world.violate("no collateral", "\(exchange.label) unloads \(entry), which nobody claims")
        }
    }

    private func isOurs(_ entry: Entry, _ world: World) -> Bool {
        world.adapters.contains { adapter in
            adapter.claims.contains(entry) || adapter.entry == entry
                || adapter.overwrites && adapter.loraName == entry.name && !adapter.isSuspended
        }
    }

    /// A server that a status calls Loaded lists the adapter now, or did when it was last asked.
    private func checkStatus(_ exchange: Exchange, of name: String, _ world: World) {
        let json = exchange.json
        guard let status = json["status"], let adapter = world.adapter(name) else { return }
        world.simulation.trace("\(exchange.label) of \(name): \(status.text)")
        // Made from an object that is no longer so, it will be refused: it tells nobody anything.
        let version = json["metadata", "resourceVersion"]
        guard version == nil || version == adapter.object["metadata", "resourceVersion"] else { return }
        let claims = Adapter(object: json).claims
        state.withLock { $0.claimed.formUnion(claims) }
        let now = world.simulation.now
        // With an answer lost the operator knows of an earlier one.
        let old = state.withLock { state in
            let old = (state.statuses[name] ?? []).suffix(3) + [adapter.object["status"] ?? .null]
            state.statuses[name] = Array(old)
            return old
        }
        for server in status["servers"]?.arrayValue ?? [] where server["state"]?.stringValue == "Loaded" {
            // Until every server has answered the stored status stands; claims and lines that loads wait for join it.
            if old.contains(where: { status.addsOnlyClaims(to: $0) && $0.lists(server) }) { continue }
            let address = server["address"]?.stringValue ?? ""
            let authority = "\(address):\(server["port"]?.intValue ?? 0)"
            let root = server["root"]?.stringValue ?? adapter.path
            func isListed(_ entries: Set<Entry>) -> Bool { entries.contains { $0.root == root } }
            if let pod = world.pod(at: authority), isListed(pod.entries) { continue }
            let lists = state.withLock { $0.lists[authority] ?? [] }
            let patience = Self.patience(at: authority, world)
            let recent = lists.filter { $0.at >= now - patience }
            let excuses = recent + (lists.last { $0.at < now - patience }.map { [$0] } ?? [])
            // "A replaced incarnation holds nothing": the list of an earlier container says nothing about a later one. That
            // a container is new, the operator hears only later.
            let incarnation = server["incarnation"]?.stringValue ?? ""
            if excuses.contains(where: { !incarnation.isLater(than: $0.container) && isListed($0.entries) }) {
                continue
            }
            world.violate(
                "no false Ready", "\(exchange.label) says that \(address) holds \(root), which it never listed")
        }
        checkReady(status, exchange, world)
    }

    private func checkReady(_ status: JSONValue, _ exchange: Exchange, _ world: World) {
        let conditions = status["conditions"]?.arrayValue ?? []
        guard conditions.first(where: { $0["type"]?.stringValue == "Ready" })?["status"]?.stringValue == "True" else {
            return
        }
        let states = (status["servers"]?.arrayValue ?? []).compactMap { $0["state"]?.stringValue }
        let ok =
            states.filter { $0 == "Loaded" || $0 == "OnDemand" }.count + Int(status["serversOmitted"]?.intValue ?? 0)
        let desired = Int(status["desiredServers"]?.intValue ?? 0)
        if ok < desired || desired == 0 {
            world.violate("no false Ready", "\(exchange.label) says Ready with \(ok) of \(desired) servers")
        }
    }
}

extension JSONValue {
    /// Whether a status differs from the one before in claims and further lines alone.
    func addsOnlyClaims(to old: JSONValue) -> Bool {
        var (mine, its) = (self, old)
        for key in ["claims", "servers"] { (mine[key], its[key]) = (nil, nil) }
        return mine == its
    }

    /// Whether a status has this very line.
    fileprivate func lists(_ server: JSONValue) -> Bool { self["servers"]?.arrayValue?.contains(server) ?? false }
}

extension String {
    /// Whether this is a later container of the same pod, by the ids that ``SimulatedPod/containerID`` makes.
    fileprivate func isLater(than other: String) -> Bool {
        guard let end = lastIndex(of: "-"), let otherEnd = other.lastIndex(of: "-"), self[..<end] == other[..<otherEnd]
        else { return false }
        return (Int(self[index(after: end)...]) ?? 0) > (Int(other[other.index(after: otherEnd)...]) ?? 0)
    }
}
