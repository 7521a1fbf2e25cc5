import AdapterPlanning
import KubeAPI
import KubeRuntime

/// What the stores hold, with the indexes that answer "who is concerned" without walking everything.
final class ClusterView: Sendable {
    let adapters: Store<LoRAAdapter>
    let services: Store<Service>
    let slices: Store<EndpointSlice>
    let pods: Store<Pod>
    /// What this operator shows of base models; nothing waits for it.
    let models: Store<ServedModel>

    private let adaptersByService: StoreIndex<LoRAAdapter, NamespacedName>
    private let adaptersByName: StoreIndex<LoRAAdapter, String>
    private let slicesByService: StoreIndex<EndpointSlice, NamespacedName>
    let adaptersByTarget: StoreIndex<LoRAAdapter, NamespacedName>
    let modelsByService: StoreIndex<ServedModel, NamespacedName>
    private let slicesByPod: StoreIndex<EndpointSlice, NamespacedName>
    private let podsByUID: StoreIndex<Pod, String>
    private let targets = TargetCache()
    private let policy: AddressPolicy

    init(_ options: OperatorOptions) {
        policy = options.addresses
        let count = options.scopes.count
        adapters = Store(namespaces: count)
        services = Store(namespaces: count)
        slices = Store(namespaces: count)
        pods = Store(namespaces: count)
        models = Store(namespaces: count)
        adaptersByService = StoreIndex(of: adapters, by: \.services)
        adaptersByName = StoreIndex(of: adapters) { $0.names.sorted() }
        adaptersByTarget = StoreIndex(of: adapters) { $0.targetService.map { [$0] } ?? [] }
        modelsByService = StoreIndex(of: models) { $0.service.map { [$0] } ?? [] }
        slicesByService = StoreIndex(of: slices) { $0.service.map { [$0] } ?? [] }
        slicesByPod = StoreIndex(of: slices, by: \.pods)
        podsByUID = StoreIndex(of: pods) { [$0.metadata.uid] }
        targets.follow(services)
        targets.follow(slices)
        targets.follow(pods)
    }

    func waitUntilSynced() async throws {
        try await adapters.waitUntilSynced()
        try await services.waitUntilSynced()
        try await slices.waitUntilSynced()
        try await pods.waitUntilSynced()
    }

    /// Tells nobody of events any more: who listens holds the view, and it would hold them.
    func close() {
        adapters.close()
        services.close()
        slices.close()
        pods.close()
        models.close()
    }

    /// Adds to `queue` every object that an event concerns; `users` are those that use a server of the Pod with a UID.
    func feed(_ queue: WorkQueue<NamespacedName>, users: @escaping @Sendable (String) -> [NamespacedName]) {
        adapters.feed(queue) { [self] change in
            let names = (change.old?.names ?? []).union(change.new?.names ?? [])
            return sorted(names.flatMap { adaptersByName.keys(for: $0) } + [change.key])
        }
        services.feed(queue) { [self] change in
            change.old?.spec == change.new?.spec ? [] : adaptersByService.keys(for: change.key)
        }
        slices.feed(queue) { [self] change in
            sorted(change.services.flatMap { adaptersByService.keys(for: $0) })
        }
        pods.feed(queue) { [self] change in
            let (services, uids) = reach(of: change)
            return sorted(services.flatMap { adaptersByService.keys(for: $0) } + uids.flatMap(users))
        }
    }

    /// What a change of a Pod concerns, if it matters: the Services with an endpoint of it, and the UIDs, two of them
    /// where one Pod took the place of another.
    func reach(of change: StoreChange<Pod>) -> (services: [NamespacedName], uids: [String]) {
        guard change.old?.identity != change.new?.identity else { return ([], []) }
        return (
            slicesByPod.keys(for: change.key).compactMap { slices.get($0)?.service },
            [change.old, change.new].compactMap { $0?.metadata.uid }
        )
    }

    private func sorted(_ keys: [NamespacedName]) -> [NamespacedName] { Set(keys).sorted() }

    /// The adapters that want or claim one of the names, `besides` left out, sorted.
    func adapters(named names: Set<String>, besides key: NamespacedName? = nil) -> [LoRAAdapter] {
        sorted(names.flatMap { adaptersByName.keys(for: $0) }).filter { $0 != key }.compactMap { adapters.get($0) }
    }

    /// The Pod of that UID.
    func pod(uid: String) -> Pod? {
        podsByUID.keys(for: uid).first.flatMap { pods.get($0) }.flatMap { $0.metadata.uid == uid ? $0 : nil }
    }

    /// The servers of a Service's port.
    func target(_ reference: AdapterSpec.ServiceReference, in namespace: String) -> TargetResolver.Found {
        targets.value(for: TargetCache.Query(namespace: namespace, port: .service(reference))) {
            resolver(reference, in: namespace).resolve()
        }
    }

    /// The servers that listen on an endpoint port of a Service, those about to go included.
    func servers(of service: String, onEndpointPort port: Int, in namespace: String) -> [Server] {
        let query = TargetCache.Query(namespace: namespace, port: .endpoint(service: service, port: port))
        let found = targets.value(for: query) {
            resolver(AdapterSpec.ServiceReference(name: service), in: namespace).resolve(endpointPort: port)
        }
        return found.target.servers + found.terminating
    }

    /// How objects with this target, in this namespace, reach the servers, and whether the server's Pod is ready.
    func connections(
        to servers: [Server], of target: AdapterSpec.Target, in namespace: String
    ) -> [(connection: Connection, isReady: Bool)] {
        servers.map { server in
            (Connection(server, target, namespace: namespace), pod(uid: server.id.owner)?.isReady ?? false)
        }
    }

    private func resolver(_ reference: AdapterSpec.ServiceReference, in namespace: String) -> TargetResolver {
        let service = NamespacedName(namespace: namespace, name: reference.name)
        return TargetResolver(
            namespace: namespace, reference: reference, service: services.get(service),
            slices: slicesByService.keys(for: service).compactMap { slices.get($0) },
            pod: { [pods] in pods.get(NamespacedName(namespace: namespace, name: $0)) }, policy: policy)
    }

    /// Whether a server may still be contacted: its pod is still the same, and still has the address.
    func mayContact(_ connection: Connection) -> Bool {
        guard connection.server.owner != connection.address else {
            return policy.refusal(of: connection.address, port: connection.server.port, pod: nil) == nil
        }
        guard let pod = pod(uid: connection.server.owner), !pod.isFinished else { return false }
        return policy.refusal(of: connection.address, port: connection.server.port, pod: pod) == nil
    }
}

extension LoRAAdapter {
    /// The Services that it targets, or still has claims on.
    fileprivate var services: [NamespacedName] {
        var names = Set((status.claims ?? []).map(\.service))
        if case .success(let spec) = spec { names.insert(spec.target.service.name) }
        return names.sorted().map { NamespacedName(namespace: metadata.namespace, name: $0) }
    }
}

extension EndpointSlice {
    var service: NamespacedName? {
        serviceName.map { NamespacedName(namespace: metadata.namespace, name: $0) }
    }

    /// The Pods that its endpoints name.
    fileprivate var pods: [NamespacedName] {
        endpoints.compactMap { endpoint in
            endpoint.targetRef.map { NamespacedName(namespace: metadata.namespace, name: $0.name) }
        }
    }
}

extension StoreChange<EndpointSlice> {
    /// The Services whose servers it may change.
    var services: [NamespacedName] {
        guard old?.endpoints != new?.endpoints || old?.ports != new?.ports || old?.service != new?.service else {
            return []
        }
        return [old, new].compactMap { $0?.service }
    }
}

extension Pod {
    /// What a change of the Pod must touch to matter here.
    fileprivate var identity: [String] {
        let state = [isReady ? "ready" : "", isFinished ? "finished" : "", metadata.deletionTimestamp ?? ""]
        let containers = (status.containerStatuses + status.initContainerStatuses).map(\.containerID)
        return [metadata.uid, status.podIP] + state + status.podIPs + containers
    }
}
