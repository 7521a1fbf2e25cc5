import DynamicJSON
package import KubeSimulator
import Synchronization
import VLLMSimulator

/// The operator under simulation: runs until its task is cancelled.
package typealias OperatorMain = @Sendable (ProcessTransport, Simulation) async throws -> Void

/// What a world is made of.
package struct WorldSettings: Sendable {
    /// YAML of the CustomResourceDefinitions.
    package var definitions: [String]
    /// The base model that every server serves.
    package var baseModel = "tiny"
    package var pods = 3
    /// How many addresses there are for pods at a time.
    package var addresses = 20
    /// Paths that no server can load.
    package var missingPaths: Set<String> = ["/nowhere"]
    package var probeInterval = Duration.seconds(30)
    /// What the API server makes of a stream as the first list.
    package var watchList = WatchListSupport.full

    /// What may happen; empty: a world in which nothing does.
    package var mutations = Mutation.allCases
    /// Seconds between two of them, at most; each world has one of these.
    ///
    /// The 30 seeds that had found something when this was weighed were as often of one kind as of another (11 of 2 s, 8 of
    /// 10 s, 11 of 40 s, drawn alike then), and a world of 40 s takes a quarter of the processor's time that one of 2 s does:
    /// so most worlds are of that kind. The others stay for what only a crowd of changes brings about. Their length is
    /// another matter: worlds of twice the length take twice the time and find twice as much.
    package var longestPauses = [2, 10] + Array(repeating: 40, count: 7)
    /// Whether objects ask for fewer than all servers.
    package var hasPlacement = true
    /// Whether roll-outs must leave enough servers with an adapter.
    package var checksRollOut = true
    /// Whether requests fail at random.
    package var hasFaults = true

    package init(definitions: [String]) { self.definitions = definitions }
}

/// A cluster in one process: an API server, Services, Pods with model servers, the network between them, the operator.
package final class World: Sendable {
    package static let namespace = "demo"
    package static let kubeAuthority = "kube.simulated:6443"
    /// Where the operator finds the API server.
    package static let kubeURL = "http://\(kubeAuthority)"

    struct State: Sendable {
        var pods: [String: SimulatedPod] = [:]
        /// Services that exist, and the pods' addresses in use.
        var services: Set<String> = []
        /// What the ports of Services are called, where that is not `http`.
        var portNames: [String: String] = [:]
        /// The `targetPort` of Services, where that is a number.
        var targetPorts: [String: Int] = [:]
        /// When either changed last.
        var portsChangedAt: [String: Duration] = [:]
        /// When a Service was last made or deleted.
        var servicesChangedAt: [String: Duration] = [:]
        var freeAddresses: [String]
        var lastPod = 0
        /// Entries that others put on servers, by container.
        var foreign: [String: Set<Entry>] = [:]
        /// When they did, by container and entry.
        var placed: [String: [Entry: Duration]] = [:]
        /// Entries that a dead process's load brought after it died, by container.
        var late: [String: Set<Entry>] = [:]
        /// Those of them that came when their look-up was over, whoever sent them.
        var overdue: [String: Set<Entry>] = [:]
        /// Entries that may stay: their objects were deleted with `Orphan`.
        var orphaned: Set<Entry> = []
        /// Entries that their objects had to leave behind when the deletion's timeout had passed, by container.
        var abandoned: [String: Set<Entry>] = [:]
        /// Objects as they were before users changed them, and when that was; the newest last.
        var former: [(at: Duration, adapter: Adapter)] = []
        /// Versions of vLLM, of which each server has one.
        var versions = [VLLMVersion.newest]
        /// Ports, on one of which each server listens.
        var ports = [8000]
        /// What servers want to see with each request (`--api-key`), where they do.
        var apiKey: String?
        /// What the API server refuses to the operator, as a part of a path.
        var forbidden: String?
        /// What the API server does not know for a time, as a part of a path.
        var unserved: String?
        /// When an object last lost the right to take a name from others, by name.
        var withdrawn: [String: Duration] = [:]
        /// Names that some object was allowed to take from others.
        var overwritten: Set<String> = []
        var violations: [Violation] = []
        var processes: [SimulatedProcess] = []
        var isOperatorStopping = false
        /// Whether all faults have ended, and changes with them.
        var isHealed = false
        /// When the last process started, or all faults ended: from then on a process sees what there is.
        var sightedAt = Duration.zero
    }

    let simulation: Simulation
    let settings: WorldSettings
    let network: SimulatedNetwork
    let kube: KubeSimulator
    let monitor: Monitor
    private let state: Mutex<State>
    let delays: RandomStream

    package init(_ settings: WorldSettings, in simulation: Simulation) throws {
        self.settings = settings
        self.simulation = simulation
        network = SimulatedNetwork(simulation)
        var configuration = KubeSimulator.Configuration()
        configuration.customResourceDefinitions = settings.definitions
        configuration.watchList = settings.watchList
        kube = try KubeSimulator(configuration, time: simulation, random: simulation.random("kube"))
        state = Mutex(State(freeAddresses: (1...settings.addresses).map { "10.0.0.\($0)" }))
        delays = simulation.random("delays")
        monitor = Monitor()
        try kube.create(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(Self.namespace)]])
        network.register(kube, at: Self.kubeAuthority)
        network.observe { [weak self] event in
            guard let self else { return }
            monitor.note(event, in: self)
        }
    }

    /// Where a resolver plugin looks for a name.
    static func resolved(_ name: String) -> String { "/adapters/\(name)" }

    var now: State { state.withLock { $0 } }

    func change<Value: Sendable>(_ change: (inout State) -> Value) -> Value { state.withLock { change(&$0) } }

    func violate(_ invariant: String, _ message: String) {
        simulation.trace("VIOLATION \(invariant): \(message)")
        let violation = Violation(invariant, "\(simulation.now.inSeconds) \(message)")
        state.withLock { $0.violations.append(violation) }
    }

    // MARK: Looking

    /// Pods by name.
    var pods: [SimulatedPod] { now.pods.sorted { $0.key < $1.key }.map(\.value) }

    func pod(at authority: String) -> SimulatedPod? {
        state.withLock { state in
            // Two may have had the address for a moment: the first by name, whatever the order of the dictionary.
            state.pods.values.filter { $0.authority == authority }.min { $0.name < $1.name }
        }
    }

    /// The container that the API shows: what a process sent before it could know of another was meant for that one.
    func shownContainer(of pod: SimulatedPod) -> String {
        let object = kube.get("pods", namespace: Self.namespace, name: pod.name)
        return object?["status", "containerStatuses"]?.arrayValue?.first?["containerID"]?.stringValue ?? pod.containerID
    }

    /// Whether every process must have heard of what happened then; nil where nothing did.
    func isKnown(since time: Duration?) -> Bool { time.map { simulation.now - $0 > Monitor.blindness } ?? true }

    var adapters: [Adapter] { kube.list("loraadapters", namespace: Self.namespace).map { Adapter(object: $0) } }

    func adapter(_ name: String) -> Adapter? {
        kube.get("loraadapters", namespace: Self.namespace, name: name).map { Adapter(object: $0) }
    }

    /// What servers find at paths.
    var files: [String: AdapterFiles] { settings.missingPaths.reduce(into: [:]) { $0[$1] = .missing } }

    func isLoadable(_ path: String) -> Bool { !settings.missingPaths.contains(path) }

    /// Puts everything that there is into the trace.
    func traceState() {
        for adapter in adapters {
            var object = adapter.object
            object["metadata", "managedFields"] = nil
            simulation.trace("-- \(adapter.name) \(object.text)")
        }
        for pod in pods {
            let foreign = (now.foreign[pod.containerID] ?? []).sorted()
            simulation.trace(
                "-- \(pod.name) \(pod.address) of \(pod.services): \(pod.entries.sorted()), foreign \(foreign)")
        }
    }

    // MARK: Pods

    /// A new pod, running and listening.
    @discardableResult
    func createPod(
        services: [String], name: String? = nil, address: String? = nil,
        configure: (inout ServerConfiguration) -> Void = { _ in }
    ) throws -> SimulatedPod? {
        let place = change { state -> (String, String)? in
            guard let free = state.freeAddresses.first(where: { address == nil || $0 == address }) else { return nil }
            state.freeAddresses.removeAll { $0 == free }
            state.lastPod += 1
            return (name ?? "vllm-\(state.lastPod)", free)
        }
        guard let (name, address) = place else { return nil }
        var server = ServerConfiguration()
        server.servedNames = [settings.baseModel]
        server.files = files
        server.loadDuration = .milliseconds(50)
        server.apiKey = now.apiKey
        server.version = simulation.random("version of \(name)").pick(now.versions) ?? .newest
        configure(&server)
        let port = simulation.random("port of \(name)").pick(now.ports) ?? 8000
        let object = try kube.create(
            SimulatedPod.manifest(name: name, namespace: Self.namespace, services: services, port: port))
        let pod = SimulatedPod(
            name: name, uid: object["metadata", "uid"]?.stringValue ?? "", address: address, port: port,
            services: services,
            server: SimulatedServer(server, time: simulation, random: simulation.random("server \(name)")),
            startedAt: simulation.now)
        change { $0.pods[name] = pod }
        network.register(pod, at: pod.authority)
        try publish(pod)
        return pod
    }

    /// A running pod gets other labels, and so comes under other Services.
    func move(_ pod: SimulatedPod, to services: [String]) throws {
        guard var object = kube.get("pods", namespace: Self.namespace, name: pod.name) else { return }
        let old = pod.services
        pod.change { state in
            state.services = services
            state.everServices += services.filter { !state.everServices.contains($0) }
            state.movedAt = simulation.now
        }
        simulation.trace("\(pod.name) moves from \(old) to \(services)")
        object["metadata", "labels"] = SimulatedPod.labels(services)
        try kube.replace(object)
        for service in Set(old + services).sorted() { publishSliceLater(of: service) }
    }

    /// The container starts anew, under another ID: the server forgets everything.
    func restart(_ pod: SimulatedPod) {
        change { $0.foreign[pod.containerID] = nil }
        pod.server.restart()
        let now = simulation.now
        pod.change { state in
            (state.restarts, state.startedAt) = (state.restarts + 1, now)
            // A new engine comes with the new container.
            if state.trouble == .engineDead { state.trouble = nil }
        }
        network.resetConnections(to: pod.authority)
        publishLater(pod)
    }

    /// The pod and its host are gone, at once or after a time in which its endpoint says terminating.
    func delete(_ pod: SimulatedPod, afterTerminating grace: Duration?) {
        simulation.spawn { [self] in
            if let grace {
                pod.change { $0.isTerminating = true }
                for service in pod.services { publishSliceLater(of: service) }
                try? await simulation.sleep(for: grace)
            }
            network.register(nil, at: pod.authority)
            network.resetConnections(to: pod.authority)
            change { state in
                state.pods[pod.name] = nil
                state.foreign[pod.containerID] = nil
                state.freeAddresses.append(pod.address)
            }
            try? kube.delete("pods", namespace: Self.namespace, name: pod.name)
            for service in pod.services { publishSliceLater(of: service) }
        }
    }

    /// Tells the API server how a pod is, after the delay with which a kubelet does.
    func publishLater(_ pod: SimulatedPod) {
        let delay = delays.duration(.zero ... .seconds(3))
        simulation.spawn { [self] in
            try? await simulation.sleep(for: delay)
            // It may be gone, and another of its name there.
            guard now.pods[pod.name]?.uid == pod.uid else { return }
            do { try publish(pod) } catch { violate("environment", "\(error)") }
        }
    }

    private func publish(_ pod: SimulatedPod) throws {
        guard var object = kube.get("pods", namespace: Self.namespace, name: pod.name) else { return }
        object["status"] = pod.status
        try kube.replace(object)
        for service in pod.services { publishSliceLater(of: service) }
    }
}
