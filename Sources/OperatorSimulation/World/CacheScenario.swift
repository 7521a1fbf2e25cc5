import DynamicJSON
import Effects
import KubeAPI
import KubeRuntime
import KubeSimulator
import Logging
import Synchronization

/// A store, its queue and four workers, while objects change thousands of times and everything fails at random: behind
/// one address are API servers of different age, etcd is restored from a backup, the kind goes and comes back.
///
/// Judged by I2 (the store equals the server's truth), I3 (no event is lost) and I4 (no key is on two workers), and by
/// requirement 60: where nobody restored a backup, the store never goes back in time.
package struct CacheScenario: Scenario {
    package let name = "cache"
    private let mutations: Int
    private static let patience = Duration.seconds(20 * 60)

    package init(mutations: Int = 2000) { self.mutations = mutations }

    package func run(in simulation: Simulation) async throws -> [Violation] {
        let random = simulation.random("cache")
        var configuration = KubeSimulator.Configuration()
        configuration.historyLimit = random.pick([40, 400, 4000]) ?? 400
        configuration.watchList = KubeFaults.watchList(simulation)
        let kube = try KubeSimulator(configuration, time: simulation, random: simulation.random("kube"))
        let network = SimulatedNetwork(simulation)
        network.register(kube, at: World.kubeAuthority)
        let restores = random.chance(500)
        let objects = CachedObjects(kube: kube, random: random, restores: restores)
        try objects.begin()

        let process = SimulatedProcess("cache", in: simulation)
        let subject = CacheUnderTest(ProcessTransport(network, process: process), simulation)
        if !restores { subject.forbidErrors() }
        process.start { try await subject.run() }
        let ages: [[Duration]] = [[], [.zero, .seconds(2)], [.zero, .seconds(30)], [.seconds(1), .seconds(70)]]
        KubeFaults(simulation, and: KubeFaults.streams, ages: random.pick(ages) ?? []).start(in: kube)
        network.changeLink(to: World.kubeAuthority) { link in
            link.faultPermille = random.pick([0, 10, 100]) ?? 0
            link.faults = [
                .refused, .hang, .resetBefore, .resetAfter, .slow(.seconds(4)), .truncated(after: random.below(5000)),
            ]
        }
        for _ in 0..<mutations {
            try await simulation.sleep(for: random.duration(.zero ... .milliseconds(60)))
            try objects.mutate()
        }
        objects.end()
        if restores, random.chance(500), try objects.rewind() {
            // No etcd is restored under an API server that runs.
            network.resetConnections(to: World.kubeAuthority)
        }
        kube.setFault(nil)
        network.changeLink(to: World.kubeAuthority) { $0 = Link() }
        let end = simulation.now + Self.patience
        while !subject.isQuiet || subject.differences(from: kube) != [], simulation.now < end {
            try await simulation.sleep(for: .seconds(5))
        }
        let verdict = subject.violations + subject.differences(from: kube) + subject.unseen()
        process.kill()
        return verdict
    }
}

/// What users do to the objects.
private final class CachedObjects: Sendable {
    let kube: KubeSimulator
    let random: RandomStream
    private let restores: Bool
    private let backup = Mutex<JSONValue?>(nil)
    /// So many more times the kind is looked for in vain.
    private let absent = Mutex(0)

    init(kube: KubeSimulator, random: RandomStream, restores: Bool) {
        self.kube = kube
        self.random = random
        self.restores = restores
    }

    func begin() throws {
        try kube.create(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "demo"]])
    }

    func end() { kube.reinstate("services") }

    /// Goes back to the last backup, resourceVersions included.
    func rewind() throws -> Bool {
        guard let snapshot = backup.withLock({ $0 }) else { return false }
        try kube.restore(snapshot, isRewinding: true)
        return true
    }

    func mutate() throws {
        let isAbsent = absent.withLock { absent in
            defer { absent = max(0, absent - 1) }
            return absent > 0
        }
        if isAbsent { return }
        kube.reinstate("services")
        let name = "s\(random.below(60))"
        let present = kube.get("services", namespace: "demo", name: name)
        switch random.below(1000) {
        case 0: kube.compact()
        case 1: backup.withLock { $0 = kube.snapshot() }
        case 2:
            // etcd restored from a backup, with resourceVersions that go on where they were: everything since is undone.
            if restores, let snapshot = backup.withLock({ $0 }) { try kube.restore(snapshot) }
        case 3:
            try kube.withdraw("services")
            absent.withLock { $0 = random.below(400) }
        case 4..<150: if present != nil { try kube.delete("services", namespace: "demo", name: name) }
        case 150..<220:
            if present != nil { try kube.delete("services", namespace: "demo", name: name) }
            try kube.create(service(name))
        default:
            guard var object = present else { return _ = try kube.create(service(name)) }
            object["metadata", "labels"] = ["n": .string(String(random.below(1_000_000)))]
            try kube.replace(object)
        }
    }

    private func service(_ name: String) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Service", "metadata": ["name": .string(name), "namespace": "demo"],
            "spec": ["ports": [["name": "http", "port": 80, "protocol": "TCP"]], "type": "ClusterIP"],
        ]
    }
}

/// The runtime as the operator uses it, and what it was seen to do.
private final class CacheUnderTest: Sendable {
    private struct Refused: Error {}

    private struct Ledger {
        var active: Set<NamespacedName> = []
        /// What each key's last reconcile began with: nil where there was no object.
        var seen: [NamespacedName: String?] = [:]
        /// The newest version that the store had of each object, by uid; nil once it was gone.
        var newest: [String: String?] = [:]
        var violations: [Violation] = []
    }

    private let client: KubeClient
    private let simulation: Simulation
    private let store = Store<Service>()
    private let queue: WorkQueue<NamespacedName>
    private let ledger = Mutex(Ledger())
    /// Where history changes, what was seen before is wrong afterwards.
    private let mayBeWrong = Mutex(true)

    init(_ http: any HTTPTransport, _ simulation: Simulation) {
        self.simulation = simulation
        let effects = Effects(http: http, time: simulation, random: simulation)
        client = KubeClient(
            configuration: KubeConfiguration(server: World.kubeURL), effects: effects, userAgent: "simulate-operator")
        queue = WorkQueue(time: simulation, random: simulation)
        store.feed(queue) { [$0.key] }
        client.contact.onReturn { [queue] in queue.retryFailed(within: .seconds(3)) }
    }

    /// From now on no object may become older in the store, or come back, and the store may never be wrong.
    func forbidErrors() {
        mayBeWrong.withLock { $0 = false }
        store.observe { [weak self] change in
            self?.ledger.withLock { ledger in
                if let new = change.new?.metadata {
                    let newest = ledger.newest[new.uid] ?? new.resourceVersion
                    if newest.map({ ResourceVersion.isOlder(new.resourceVersion, than: $0) == true }) ?? true {
                        let text =
                            "\(change.key): \(newest ?? "gone"), then \(new.resourceVersion) by a \(change.cause)"
                        ledger.violations.append(Violation("the store goes back in time", text))
                    }
                    ledger.newest[new.uid] = .some(new.resourceVersion)
                } else if let old = change.old?.metadata {
                    ledger.newest[old.uid] = .some(nil)
                }
            }
        }
    }

    func run() async throws {
        let controller = Controller(
            name: "cache", queue: queue, workers: 4, time: simulation,
            logger: Logger(label: "cache") { _ in SwiftLogNoOpLogHandler() }
        ) { [self] in try await reconcile($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.reflector.run() }
            group.addTask { try await controller.run() }
            try await group.next()
        }
    }

    private var reflector: Reflector<Service> {
        var callbacks = Reflector<Service>.Callbacks()
        callbacks.inconsistent = { [self] differences in
            if mayBeWrong.withLock({ $0 }) { return simulation.trace("the store was wrong: \(differences)") }
            simulation.violate("the store equals the truth", "\(differences)")
        }
        return Reflector(client: client, store: store, checkInterval: .seconds(10), callbacks: callbacks)
    }

    private func reconcile(_ key: NamespacedName) async throws -> ReconcileResult {
        let version = store.get(key).map(\.version)
        ledger.withLock { ledger in
            if !ledger.active.insert(key).inserted {
                ledger.violations.append(Violation("no key on two workers", "\(key)"))
            }
            ledger.seen[key] = .some(version)
        }
        defer { _ = ledger.withLock { $0.active.remove(key) } }
        let random = simulation.operatorRandom
        try await simulation.sleep(for: random.duration(.zero ... .milliseconds(300)))
        if random.chance(30) { throw Refused() }
        if random.chance(50), version != nil {
            let mark = ["metadata": ["annotations": ["mark": String(random.below(1_000_000))]]]
            do {
                store.wrote(try await client.patch(Service.self, key, merging: mark))
            } catch let error as APIError where error.isNotFound {}
        }
        return random.chance(10) ? .requeue(after: .seconds(7)) : .done
    }

    var violations: [Violation] { ledger.withLock { $0.violations } }

    var isQuiet: Bool { queue.depth == 0 && queue.delayedCount == 0 && ledger.withLock { $0.active.isEmpty } }

    /// Where the store is not what the server has.
    func differences(from kube: KubeSimulator) -> [Violation] {
        let truth = kube.list("services", namespace: "demo").map { object in
            "\(object["metadata", "name"]?.stringValue ?? "") \(object["metadata", "uid"]?.stringValue ?? "") "
                + (object["metadata", "resourceVersion"]?.stringValue ?? "")
        }
        let held = store.all().map { "\($0.key.name) \($0.version)" }
        return Set(truth).symmetricDifference(held).sorted().map { Violation("the store equals the truth", $0) }
    }

    /// Changes that no reconcile began after.
    func unseen() -> [Violation] {
        let held = Dictionary(store.all().map { ($0.key, $0.version) }) { first, _ in first }
        let seen = ledger.withLock { $0.seen }
        return Set(held.keys).union(seen.keys).sorted().compactMap { key in
            if seen[key] ?? nil == held[key] { return nil }
            return Violation(
                "no event is lost", "\(key): seen \(String(describing: seen[key])), is \(held[key] ?? "gone")")
        }
    }
}

extension Service {
    fileprivate var version: String { "\(metadata.uid) \(metadata.resourceVersion)" }
}
