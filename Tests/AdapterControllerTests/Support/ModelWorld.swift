import AdapterPlanning
import KubeAPI

@testable import AdapterController

/// Some objects and servers in memory: what the reconciler and the agents do, without time, tasks and I/O.
struct ModelWorld {
    struct Object {
        var wish: AdapterWish
        var seniority: Rival.Seniority
        var generation: Int64 = 1
        var status = AdapterStatus()
        var hasFinalizer = false
        var isDeleting = false
        /// Servers that this process has used for it.
        var used: Set<String> = []
    }

    var objects: [String: Object] = [:]
    var servers: [String: ModelServer] = [:]
    /// The servers behind the Service.
    var members: Set<String> = []
    var now = Duration.seconds(10_000)
    var violations: [String] = []

    private func targets() -> [Server] { members.sorted().compactMap { servers[$0]?.server } }

    private func observations() -> [ServerID: ServerObservation] {
        Dictionary(uniqueKeysWithValues: servers.values.map { ($0.server.id, $0.record.observation) })
    }

    func wanted(by object: Object) -> Set<ServerID> {
        let slots = object.status.slots(among: targets(), observations())
        return Set(
            Placement.choose(object.wish.replicas, of: targets(), for: object.seniority.uid, keeping: slots).map(\.id))
    }

    func situation(of key: String, _ object: Object) -> AdapterSituation {
        let target: AdapterSituation.Target =
            members.isEmpty ? .unusable(.noServers, "Service vllm has no endpoints") : .servers(targets())
        var situation = AdapterSituation(wish: .success(object.wish), target: target)
        situation.objectName = key
        situation.seniority = object.seniority
        situation.generation = object.generation
        situation.hasFinalizer = object.hasFinalizer
        situation.stored = object.status
        situation.service = "vllm"
        situation.now = now
        situation.timestamp = "2026-01-03T00:00:00Z"
        let known = object.used.union((object.status.servers ?? []).map(\.name)).subtracting(members)
        if object.status.claims != nil { situation.others = known.sorted().compactMap { servers[$0]?.server } }
        situation.observations = observations()
        if object.isDeleting {
            situation.deletion = DeletionRequest(policy: .unload, timeout: .seconds(1 << 40), age: .zero)
        }
        situation.rivals = objects.filter { $0.key != key }.sorted { $0.key < $1.key }.map { name, rival in
            Rival(
                seniority: rival.seniority, name: name, loraName: rival.wish.name, path: rival.wish.path,
                isDeleting: rival.isDeleting, servers: wanted(by: rival), claims: rival.status.claims ?? [],
                observations: situation.observations)
        }
        return situation
    }

    /// Plans one object, writes and submits.
    ///
    /// Returns whether something was new, and when to look again.
    mutating func reconcile(_ key: String) -> (isNews: Bool, wakeAfter: Duration?) {
        guard var object = objects[key] else { return (false, nil) }
        if object.isDeleting, !object.hasFinalizer {
            // The API server removes it at once.
            objects[key] = nil
            for name in servers.keys {
                _ = servers[name]?.pending.set(nil, for: NamespacedName(namespace: "ns", name: key))
            }
            return (true, nil)
        }
        let situation = situation(of: key, object)
        let plan = situation.plan()
        if situation.plan() != plan { violations.append("\(key): two plans for one situation") }
        check(plan, key, object)
        object.used.formUnion(members)
        if object.isDeleting || !members.isEmpty { object.used.formUnion(situation.others.map(\.name)) }
        var isNews = false
        for name in servers.keys.sorted() {
            guard let id = servers[name]?.server.id else { continue }
            let key = NamespacedName(namespace: "ns", name: key)
            if servers[name]?.pending.set(plan.actions[id], for: key) == true { isNews = true }
        }
        switch plan.finalizer {
        case .add: (object.hasFinalizer, isNews) = (true, true)
        case .remove:
            objects[key] = nil
            return (true, nil)
        case .keep:
            if let status = plan.status, status != object.status { (object.status, isNews) = (status, true) }
        }
        objects[key] = object
        return (isNews, plan.wakeAfter)
    }

    private mutating func check(_ plan: AdapterPlan, _ key: String, _ object: Object) {
        let wanted = wanted(by: object)
        for (id, action) in plan.actions {
            switch action {
            case .load(let name, let path, _, _), .replace(let name, _, let path, _, _, _, _):
                let claim = Claim(name: name, path: path, service: "vllm", port: id.port)
                if !object.hasFinalizer || object.status.claims?.contains(claim) != true {
                    violations.append("\(key): loads \(claim) without a persisted claim and finalizer")
                }
                if object.isDeleting || object.wish.isSuspended {
                    violations.append("\(key): loads what it should not")
                }
            case .unload(let name, let path):
                if object.status.claims?.cover(name, path) != true {
                    violations.append("\(key): unloads a foreign \(name)")
                }
                let isWanted = wanted.contains(id) && (name, path) == (object.wish.name, object.wish.path)
                let isLoser = objects.contains {
                    $0.key != key && $0.value.wish.name == name && $0.value.seniority < object.seniority
                }
                if isWanted, !object.isDeleting, !isLoser {
                    violations.append("\(key): unloads \(name), which is wanted")
                }
                if object.wish.isSuspended, !object.isDeleting { violations.append("\(key): unloads while suspended") }
            }
        }
    }

    /// Lets everything run without faults until nothing is left to do; returns the rounds that it took.
    mutating func settle(within limit: Int) -> Int? {
        for name in servers.keys.sorted() {
            if servers[name]?.isUp == false { servers[name]?.restart(now: now) }
        }
        for round in 1...limit {
            for name in servers.keys.sorted() {
                servers[name]?.finish(now: now)
                for action in servers[name]?.late ?? [] { servers[name]?.apply(action) }
                servers[name]?.late = []
                servers[name]?.probe(now: now)
            }
            var isNews = false
            var wakeAfter: Duration?
            for key in objects.keys.sorted() {
                let result = reconcile(key)
                if result.isNews { isNews = true }
                if let delay = result.wakeAfter { wakeAfter = min(delay, wakeAfter ?? delay) }
            }
            for name in servers.keys.sorted() {
                servers[name]?.start(.answered, hasEffect: true, now: now)
                if servers[name]?.running != nil { isNews = true }
            }
            now += .seconds(1)
            if isNews { continue }
            guard let wakeAfter else { return round }
            now += wakeAfter
        }
        return nil
    }
}
