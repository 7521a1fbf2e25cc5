import AdapterPlanning
import KubeAPI
import KubeRuntime
import Synchronization

/// What the stores hold, with the indexes that answer "who is concerned" without walking everything.
final class ClusterView: Sendable {
    let adapters: Store<LoRAAdapter>
    let services: Store<Service>
    let slices: Store<EndpointSlice>
    let pods: Store<Pod>

    private struct Indexes {
        var adaptersByService = OneToMany<NamespacedName, NamespacedName>()
        var adaptersByName = OneToMany<String, NamespacedName>()
        var slicesByService = OneToMany<NamespacedName, NamespacedName>()
        var podsByUID: [String: NamespacedName] = [:]
    }

    private let indexes = Mutex(Indexes())
    private let policy: AddressPolicy

    init(policy: AddressPolicy, namespaces: [String]) {
        self.policy = policy
        let count = max(1, Set(namespaces).count)
        adapters = Store(namespaces: count)
        services = Store(namespaces: count)
        slices = Store(namespaces: count)
        pods = Store(namespaces: count)
    }

    func waitUntilSynced() async throws {
        try await adapters.waitUntilSynced()
        try await services.waitUntilSynced()
        try await slices.waitUntilSynced()
        try await pods.waitUntilSynced()
    }

    /// Keeps the indexes, hands every object that an event concerns to `enqueue`, and the UID of each Pod that changed
    /// to `podChanged`.
    func observe(
        _ enqueue: @escaping @Sendable ([NamespacedName]) -> Void, podChanged: @escaping @Sendable (String) -> Void
    ) {
        adapters.observe { [self] change in
            let (key, old, new) = (change.key, change.old, change.new)
            let names = (old?.names ?? []).union(new?.names ?? [])
            let concerned = indexes.withLock { indexes in
                let rivals = names.flatMap { indexes.adaptersByName[$0] }
                indexes.adaptersByName.set(new?.names ?? [], for: key)
                indexes.adaptersByService.set(Set(new?.services ?? []), for: key)
                return rivals
            }
            enqueue(Set(concerned + [key]).sorted())
        }
        services.observe { [self] change in
            guard change.old?.spec != change.new?.spec else { return }
            enqueue(indexes.withLock { $0.adaptersByService[change.key] })
        }
        slices.observe { [self] change in
            let (key, old, new) = (change.key, change.old, change.new)
            let services = Set([old, new].compactMap { $0?.service }).sorted()
            let concerned = indexes.withLock { indexes in
                indexes.slicesByService.set(Set([new?.service].compactMap(\.self)), for: key)
                return services.flatMap { indexes.adaptersByService[$0] }
            }
            guard old?.endpoints != new?.endpoints || old?.ports != new?.ports else { return }
            enqueue(Set(concerned).sorted())
        }
        pods.observe { [self] change in
            indexes.withLock { indexes in
                if let old = change.old { indexes.podsByUID[old.metadata.uid] = nil }
                if let new = change.new { indexes.podsByUID[new.metadata.uid] = change.key }
            }
            guard change.old?.identity != change.new?.identity else { return }
            let services = services(naming: change.key)
            enqueue(Set(indexes.withLock { indexes in services.flatMap { indexes.adaptersByService[$0] } }).sorted())
            if let uid = (change.old ?? change.new)?.metadata.uid { podChanged(uid) }
        }
    }

    /// The Services whose endpoints name the Pod.
    private func services(naming pod: NamespacedName) -> [NamespacedName] {
        slices.all(in: pod.namespace).filter { slice in
            slice.endpoints.contains { $0.targetRef?.name == pod.name }
        }
        .compactMap(\.service)
    }

    /// The adapters that want or claim one of the names, `besides` left out, sorted.
    func adapters(named names: Set<String>, besides key: NamespacedName) -> [LoRAAdapter] {
        let keys = indexes.withLock { indexes in Set(names.flatMap { indexes.adaptersByName[$0] }) }
        return keys.subtracting([key]).sorted().compactMap { adapters.get($0) }
    }

    /// The Pod of that UID.
    func pod(uid: String) -> Pod? {
        guard let key = indexes.withLock({ $0.podsByUID[uid] }), let pod = pods.get(key) else { return nil }
        return pod.metadata.uid == uid ? pod : nil
    }

    /// Finds the servers of a Service.
    func resolver(_ reference: AdapterSpec.ServiceReference, in namespace: String) -> TargetResolver {
        let service = NamespacedName(namespace: namespace, name: reference.name)
        let keys = indexes.withLock { $0.slicesByService[service] }
        return TargetResolver(
            namespace: namespace, reference: reference, service: services.get(service),
            slices: keys.compactMap { slices.get($0) },
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
    fileprivate var service: NamespacedName? {
        serviceName.map { NamespacedName(namespace: metadata.namespace, name: $0) }
    }
}

extension Pod {
    /// What a change of the Pod must touch to matter here.
    fileprivate var identity: [String] {
        [
            metadata.uid, status.podIP, isReady ? "ready" : "", isFinished ? "finished" : "",
            metadata.deletionTimestamp ?? "",
        ]
            + status.podIPs + (status.containerStatuses + status.initContainerStatuses).map(\.containerID)
    }
}
