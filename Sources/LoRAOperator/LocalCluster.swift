import DynamicJSON
import Effects
import KubeSimulator

/// The embedded API server and what it holds from the start: the Service `vllm` and its endpoints.
struct LocalCluster: Sendable {
    static let service = "vllm"
    static let namespace = "default"

    let api: KubeSimulator
    let endpoints: LocalEndpoints
    /// Secret, since kubectl sends no token over plain http: who does not know it finds nothing here.
    let pathPrefix: String

    /// A cluster that forgets everything at its end, or that goes on where `state` ends.
    init(
        _ servers: [LocalServer], state: LocalState? = nil, time: any TimeSource, random: any RandomSource
    ) throws {
        pathPrefix = try state?.pathPrefix(random) ?? Self.makePathPrefix(random)
        var configuration = KubeSimulator.Configuration()
        configuration.customResourceDefinitions = [
            PackageResources.loraadapters_yaml, PackageResources.servedmodels_yaml,
        ].map { String(decoding: $0, as: UTF8.self) }
        configuration.pathPrefix = pathPrefix
        configuration.allowsLoopbackEndpoints = true
        api = try KubeSimulator(configuration, time: time, random: random)
        if let state, !state.log.records.isEmpty { try api.restore(state.log.records) }
        let known = LocalEndpoints.addresses(in: api.list("endpointslices", namespace: Self.namespace), of: servers)
        endpoints = LocalEndpoints(servers, known: known)
        try put(Self.serviceObject(servers))
        try publish()
        if let state { try api.keep(in: state.log) }
    }

    static func makePathPrefix(_ random: any RandomSource) -> String {
        "/" + (0..<2).map { _ in String(random.next(), radix: 36) }.joined()
    }

    /// Brings the EndpointSlices to where the servers are now.
    func publish() throws {
        let slices = endpoints.slices(of: Self.service, in: Self.namespace)
        for slice in slices { try put(slice) }
        let names = Set(slices.compactMap { $0["metadata", "name"] })
        for old in api.list("endpointslices", namespace: Self.namespace) {
            guard let name = old["metadata", "name"], !names.contains(name),
                old["metadata", "labels", "kubernetes.io/service-name"]?.stringValue == Self.service
            else { continue }
            try api.delete("endpointslices", namespace: Self.namespace, name: name.stringValue ?? "")
        }
    }

    /// Looks the servers' names up, now and again, until the task is cancelled.
    func followNames(_ time: any TimeSource, every interval: Duration) async throws {
        while true {
            var isNew = false
            for name in endpoints.names {
                if endpoints.found(await HostNames.addresses(of: name), for: name) { isNew = true }
            }
            if isNew { try publish() }
            try await time.sleep(for: interval)
        }
    }

    /// Creates an object, or gives the one that is there its new content; an equal one is left alone.
    private func put(_ object: JSONValue) throws {
        let plural = object["kind"] == "Service" ? "services" : "endpointslices"
        guard let old = api.get(plural, namespace: Self.namespace, name: object["metadata", "name"]?.stringValue ?? "")
        else {
            _ = try api.create(object)
            return
        }
        var new = old
        for field in ["endpoints", "ports"] where object[field] != nil { new[field] = object[field] }
        if let ports = object["spec", "ports"] { new["spec", "ports"] = ports }
        new["metadata", "resourceVersion"] = nil
        // What is equal but for defaults is no change: the API itself finds out.
        _ = try api.replace(new)
    }

    private static func serviceObject(_ servers: [LocalServer]) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Service",
            "metadata": ["name": .string(service), "namespace": .string(namespace)],
            "spec": ["ports": [["name": "http", "port": .int(Int64(servers.first?.port ?? 8000)), "protocol": "TCP"]]],
        ]
    }
}
