import AdapterPlanning
import Effects
import KubeAPI
import KubeRuntime

/// Gathers what a plan for one object depends on, and says to the registry which servers the object uses.
struct SituationGatherer: Sendable {
    var view: ClusterView
    var registry: ServerRegistry
    var options: OperatorOptions
    var time: any TimeSource
    let firstLooks = FirstLooks()
    /// Looks at adapters' files, where the operator can see them.
    var inspector: FilesInspector?
    var makeAgent: @Sendable (Connection) -> ServerAgent

    func situation(of adapter: LoRAAdapter) -> AdapterSituation {
        let wish = wish(of: adapter)
        let found = target(of: adapter)
        var situation = AdapterSituation(wish: wish, target: found.target)
        situation.objectName = adapter.metadata.name
        situation.seniority = adapter.seniority
        situation.generation = adapter.metadata.generation
        situation.hasFinalizer = adapter.metadata.finalizers.contains(LoRAAdapter.finalizer)
        situation.deletion = deletion(of: adapter)
        situation.stored = adapter.status
        situation.service = adapter.target.service.name
        situation.now = time.now
        situation.inherited = firstLooks.inherited(by: adapter, now: situation.now)
        situation.timestamp = Timestamp.seconds(time.unixTime)

        var servers = found.target.servers
        situation.others = formerServers(
            of: adapter, besides: servers, terminating: found.terminating, loadTimeout: situation.loadTimeout)
        servers += situation.others
        let connections = view.connections(to: servers, of: adapter.target, in: adapter.metadata.namespace)
        situation.adapterLimit = options.maxAdaptersPerServer
        situation.sendsKeyInClear = connections.contains { connection, _ in
            connection.scheme == "http" && (connection.apiKey != nil || options.defaultAPIKey != nil)
                && IPAddress(connection.address)?.isLoopback != true
        }
        situation.observations = registry.use(connections, names: adapter.names, by: adapter.key, make: makeAgent)
        if let inspector, case .success(let wish) = wish, situation.deletion == nil, wish.loading == .eager, !wish.is3D
        {
            situation.files = inspector.verdict(on: wish.path, for: adapter.key)
        } else {
            inspector?.forget(adapter.key)
        }
        situation.rivals = view.adapters(named: adapter.names, besides: adapter.key).compactMap {
            rival($0, of: adapter)
        }
        return situation
    }

    private func wish(of adapter: LoRAAdapter) -> Result<AdapterWish, SpecProblem> {
        do throws(SpecProblem) {
            return .success(
                try AdapterWish(try adapter.spec.get(), objectName: adapter.metadata.name, policy: options.paths))
        } catch {
            return .failure(error)
        }
    }

    private func deletion(of adapter: LoRAAdapter) -> DeletionRequest? {
        guard let timestamp = adapter.metadata.deletionTimestamp else { return nil }
        let deletion = try? AdapterWish.deletion((try? adapter.spec.get())?.deletion)
        let age = Timestamp.parse(timestamp).map { max(0, time.unixTime - $0) } ?? 0
        return DeletionRequest(
            policy: deletion?.policy ?? .unload, timeout: deletion?.timeout ?? .seconds(300), age: .seconds(age))
    }

    private func target(of adapter: LoRAAdapter) -> TargetResolver.Found {
        view.target(adapter.target.service, in: adapter.metadata.namespace)
    }

    /// Servers outside the target that may hold a claim: those of an earlier target, pods that left the Service, and
    /// whatever this process has used for the object and may have left something on, each at its own address.
    private func formerServers(
        of adapter: LoRAAdapter, besides targets: [Server], terminating: [Server], loadTimeout: Duration
    ) -> [Server] {
        guard let claims = adapter.status.claims, !claims.isEmpty else { return [] }
        let namespace = adapter.metadata.namespace
        var known = Set(targets.map(\.id))
        var former: [Server] = []
        func add(_ server: Server?) {
            if let server, known.insert(server.id).inserted { former.append(server) }
        }
        for server in terminating { add(server) }
        let oldTargets = Set(claims.map { OldTarget(service: $0.service, port: $0.port) })
        for place in oldTargets.sorted(by: { ($0.service, $0.port) < ($1.service, $1.port) }) {
            for server in view.servers(of: place.service, onEndpointPort: place.port, in: namespace) { add(server) }
        }
        let places = Set(targets.map { Place($0) })
        for line in adapter.status.servers ?? [] where !places.contains(Place(line)) {
            add(server(line, in: namespace))
        }
        let used = registry.observations(usedBy: adapter.key)
        for id in used.keys.sorted() where used[id]?.mayHold(anyOf: claims, loadTimeout: loadTimeout) == true {
            add(server(id))
        }
        return former
    }

    private struct OldTarget: Hashable {
        var service: String
        var port: Int
    }

    /// What a server and its line in a status have in common.
    private struct Place: Hashable {
        var name: String
        var port: Int
        var address: String?

        init(_ server: Server) { (name, port, address) = (server.name, server.id.port, server.address) }
        init(_ line: ServerStatus) { (name, port, address) = (line.name, line.port, line.address) }
    }

    /// The server of a line in the stored status, if its Pod, or its place outside of any Pod, is still there.
    private func server(_ line: ServerStatus, in namespace: String) -> Server? {
        guard let address = line.address else { return nil }
        if let pod = view.pods.get(NamespacedName(namespace: namespace, name: line.name)), !pod.isFinished {
            return pod.status.podIPs.contains(address) || pod.status.podIP == address
                ? pod.server(port: line.port, address: address) : nil
        }
        // A container's id says that it was a Pod's, and a Pod that is gone holds nothing.
        guard line.incarnation?.contains("://") != true,
            options.addresses.refusal(of: address, port: line.port, pod: nil) == nil
        else { return nil }
        return Server(id: ServerID(owner: address, port: line.port), name: line.name, address: address)
    }

    private func server(_ id: ServerID) -> Server? {
        guard let pod = view.pod(uid: id.owner), !pod.isFinished, !pod.status.podIP.isEmpty else { return nil }
        return pod.server(port: id.port, address: pod.status.podIP)
    }

    private func rival(_ other: LoRAAdapter, of adapter: LoRAAdapter) -> Rival? {
        // An object whose spec is wrong keeps its name and its claims, but takes nothing over.
        let wish = try? wish(of: other).get()
        let spec = try? other.spec.get()
        let servers = target(of: other).target.servers
        let observations = registry.observations(usedBy: other.key)
        let wanted = Placement.choose(
            wish?.replicas, of: servers, for: other.metadata.uid,
            keeping: other.status.slots(among: servers, observations))
        return Rival(
            seniority: other.seniority,
            name: other.metadata.namespace == adapter.metadata.namespace ? other.metadata.name : nil,
            loraName: other.loraName ?? "", path: wish?.path ?? "", baseModel: wish?.baseModel,
            isDeleting: other.metadata.isTerminating, isSuspended: spec?.suspend ?? false,
            servers: Set(wanted.map(\.id)), claims: other.status.claims ?? [], observations: observations)
    }
}

extension LoRAAdapter {
    fileprivate var seniority: Rival.Seniority {
        Rival.Seniority(createdAt: metadata.creationTimestamp, uid: metadata.uid)
    }

    /// The target; of a spec that cannot be read, the Service of a claim.
    var target: AdapterSpec.Target {
        if case .success(let spec) = spec { return spec.target }
        return AdapterSpec.Target(service: AdapterSpec.ServiceReference(name: status.claims?.first?.service ?? ""))
    }
}
