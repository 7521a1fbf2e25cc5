import AdapterPlanning
import KubeAPI

/// Finds the servers behind a Service: pure, from what the stores hold.
struct TargetResolver {
    var namespace: String
    var reference: AdapterSpec.ServiceReference
    var service: Service?
    /// The slices of that Service.
    var slices: [EndpointSlice]
    /// A Pod of the namespace by name.
    var pod: (String) -> Pod?
    var policy: AddressPolicy

    struct Found {
        var target: AdapterSituation.Target
        /// Servers that are there, but about to go.
        var terminating: [Server] = []
    }

    func resolve() -> Found {
        guard let service else {
            return unusable(.serviceNotFound, "Service \(reference.name) does not exist in namespace \(namespace)")
        }
        if service.spec.type == "ExternalName" {
            return unusable(.serviceNotSupported, "Service \(reference.name) is an ExternalName; name one with Pods")
        }
        if service.spec.selector.isEmpty, policy.allowed.isEmpty, policy.exactly == nil {
            return unusable(
                .serviceNotSupported,
                "Service \(reference.name) has no selector; allow its endpoints with --allow-endpoint-cidr")
        }
        guard let port = port(of: service) else { return unusable(.portNotFound, missingPort(of: service)) }
        return servers(service) { ($0.name ?? "") == port.name }
    }

    /// The servers that listen on an endpoint port of the Service, whatever its ports are called now.
    func resolve(endpointPort number: Int) -> Found {
        guard let service else { return unusable(.serviceNotFound, "") }
        return servers(service) { $0.port == number }
    }

    private func unusable(_ reason: Reason, _ message: String) -> Found {
        Found(target: .unusable(reason, message))
    }

    /// The port by number or name; without one the only TCP port, else the one named `http`.
    private func port(of service: Service) -> ServicePort? {
        let ports = service.spec.ports.filter { $0.protocol == "TCP" }
        switch reference.port {
        case .number(let number): return ports.first { $0.port == number }
        case .name(let name): return ports.first { $0.name == name }
        case nil: return ports.count == 1 ? ports.first : ports.first { $0.name == "http" }
        }
    }

    private func missingPort(of service: Service) -> String {
        let ports = service.spec.ports.filter { $0.protocol == "TCP" }
        let names = ports.map { $0.name.isEmpty ? String($0.port) : $0.name }.sorted().joined(separator: ", ")
        guard !names.isEmpty else { return "Service \(reference.name) declares no TCP port" }
        return "name one of the TCP ports of Service \(reference.name) in spec.target.service.port: \(names)"
    }

    private func servers(_ service: Service, where matches: (EndpointPort) -> Bool) -> Found {
        var found: [ServerID: Server] = [:]
        var refusals: Set<String> = []
        let families = service.spec.ipFamilies.first.map { first in [first, first == "IPv4" ? "IPv6" : "IPv4"] }
        // The Service's first family wins where a pod has an address of each.
        for family in families ?? ["IPv4", "IPv6"] {
            for slice in slices where slice.addressType == family {
                for port in slice.ports where port.protocol == "TCP" && matches(port) {
                    guard let number = port.port, (1...65535).contains(number) else { continue }
                    for endpoint in slice.endpoints {
                        switch server(endpoint, port: number) {
                        case .success(let server?) where found[server.id].map { isBetter(server, $0, service) } ?? true:
                            found[server.id] = server
                        case .success: break
                        case .failure(let refusal): refusals.insert(refusal.message)
                        }
                    }
                }
            }
        }
        let servers = found.values.filter { !$0.isTerminating }.sorted(by: Server.byName)
        let terminating = found.values.filter(\.isTerminating).sorted(by: Server.byName)
        if servers.isEmpty {
            let refusal = refusals.min().map { (Reason.endpointRefused, $0) }
            let (reason, message) = refusal ?? (.noServers, "Service \(reference.name) has no endpoints")
            return Found(target: .unusable(reason, message), terminating: terminating)
        }
        return Found(target: .servers(servers), terminating: terminating)
    }

    /// Whether a second address of a server is the one to use: where the Service names no family, the pod's first.
    private func isBetter(_ server: Server, _ other: Server, _ service: Service) -> Bool {
        guard service.spec.ipFamilies.isEmpty, let first = pod(server.name)?.status.podIP else { return false }
        return server.address == first && other.address != first
    }

    private struct Refusal: Error { var message: String }

    /// The server of an endpoint; nil where there is none to speak of.
    private func server(_ endpoint: Endpoint, port: Int) -> Result<Server?, Refusal> {
        guard let address = endpoint.addresses.first else { return .success(nil) }
        guard let reference = endpoint.targetRef else {
            if let refusal = policy.refusal(of: address, port: port, pod: nil) {
                return .failure(Refusal(message: refusal))
            }
            let id = ServerID(owner: address, port: port)
            return .success(
                Server(
                    id: id, name: endpoint.hostname ?? address, address: address,
                    isTerminating: endpoint.conditions.terminating ?? false))
        }
        guard reference.kind == "Pod", reference.namespace.isEmpty || reference.namespace == namespace else {
            return .failure(Refusal(message: "endpoint \(address) is no Pod of this namespace"))
        }
        // A Pod that the store lacks, or whose UID differs, is one that is gone or not seen yet.
        guard let pod = pod(reference.name), pod.metadata.uid == reference.uid else { return .success(nil) }
        guard !pod.isFinished else { return .success(nil) }
        if let refusal = policy.refusal(of: address, port: port, pod: pod) {
            return .failure(Refusal(message: refusal))
        }
        return .success(
            pod.server(
                port: port, address: address, isTerminating: endpoint.conditions.terminating ?? false))
    }
}

extension Pod {
    /// The server that listens on `port` of this Pod.
    func server(port: Int, address: String, isTerminating: Bool = false) -> Server {
        Server(
            id: ServerID(owner: metadata.uid, port: port), name: metadata.name, address: address,
            incarnation: incarnation(of: port), isTerminating: isTerminating || metadata.isTerminating)
    }

    /// The ID of the container that declares the port, else of the only container that is no sidecar.
    private func incarnation(of port: Int) -> String? {
        let declares = (spec.containers + spec.initContainers.filter { $0.restartPolicy == "Always" })
            .first { $0.ports.contains { $0.containerPort == port && $0.protocol == "TCP" } }
        guard let name = declares?.name ?? (spec.containers.count == 1 ? spec.containers.first?.name : nil) else {
            return nil
        }
        let id = (status.containerStatuses + status.initContainerStatuses).first { $0.name == name }?.containerID
        return id?.isEmpty == false ? id : nil
    }
}
