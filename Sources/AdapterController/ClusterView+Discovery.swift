import AdapterPlanning
import KubeAPI
import KubeRuntime

extension ClusterView {
    /// How the models behind a Service are discovered; nil where nothing selects it.
    func discoveryTarget(of service: Service) -> AdapterSpec.Target? {
        let targeting = adaptersByTarget.keys(for: service.key).compactMap { adapters.get($0) }
        return Discovery.target(of: service, adapters: targeting)
    }

    /// The operator's ServedModels of a Service, by name.
    func models(of service: NamespacedName) -> [ServedModel] {
        modelsByService.keys(for: service).compactMap { models.get($0) }
    }

    /// Whether an entry on the servers of a namespace is of one of its LoRAAdapters, be it claimed or to be.
    func isManaged(_ name: String, _ root: String, in namespace: String) -> Bool {
        adapters(named: [name]).contains { adapter in
            guard adapter.metadata.namespace == namespace else { return false }
            if adapter.status.claims?.cover(name, root) == true { return true }
            guard case .success(let spec) = adapter.spec else { return false }
            return spec.loraPath == root && adapter.loraName == name
        }
    }

    /// Adds to `queue` every Service that an event concerns.
    func feedDiscovery(
        _ queue: WorkQueue<NamespacedName>, _ pace: DiscoveryPace,
        users: @escaping @Sendable (String) -> [NamespacedName]
    ) {
        let add: @Sendable ([NamespacedName]) -> Void = { keys in
            for key in Set(keys).sorted() { queue.add(key, after: pace.patience(for: key)) }
        }
        adapters.observe { change in
            guard change.old?.discoveryFacts != change.new?.discoveryFacts else { return }
            add([change.old, change.new].compactMap { $0?.targetService })
        }
        services.observe { [self] change in
            guard change.old?.spec != change.new?.spec || change.old?.metadata.facts != change.new?.metadata.facts
            else {
                return
            }
            // Most Services of a cluster have nothing to do with models.
            let isConcerned =
                !adaptersByTarget.keys(for: change.key).isEmpty || !modelsByService.keys(for: change.key).isEmpty
                || [change.old, change.new].contains { $0?.metadata.labels[Discovery.label] == "true" }
            if isConcerned { add([change.key]) }
        }
        slices.observe { change in add(change.services) }
        pods.observe { [self] change in
            let (services, uids) = reach(of: change)
            add(services + uids.flatMap(users))
        }
        models.observe { change in add([change.old, change.new].compactMap { $0?.service }) }
    }
}

extension ObjectMeta {
    fileprivate var facts: [[String: String]] { [labels.filter { $0.key == Discovery.label }, annotations, ["": uid]] }
}

extension LoRAAdapter {
    /// The Service that it targets.
    var targetService: NamespacedName? {
        guard case .success(let spec) = spec else { return nil }
        return NamespacedName(namespace: metadata.namespace, name: spec.target.service.name)
    }

    /// What a ServedModel depends on.
    fileprivate var discoveryFacts: DiscoveryFacts {
        let spec = try? spec.get()
        return DiscoveryFacts(
            target: spec?.target, name: loraName, path: spec?.loraPath, claims: status.claims)
    }
}

private struct DiscoveryFacts: Equatable {
    var target: AdapterSpec.Target?
    var name: String?
    var path: String?
    var claims: [Claim]?
}
