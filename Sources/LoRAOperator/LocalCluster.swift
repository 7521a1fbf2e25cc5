import DynamicJSON
import Effects
import KubeSimulator

/// The embedded API server and what it holds from the start: the Service `vllm` and its endpoints.
struct LocalCluster: Sendable {
    static let service = "vllm"
    static let namespace = "default"

    let api: KubeSimulator
    /// Secret, since kubectl sends no token over plain http: who does not know it finds nothing here.
    let pathPrefix: String

    init(_ servers: [LocalServer], time: any TimeSource, random: any RandomSource) throws {
        pathPrefix = "/" + (0..<2).map { _ in String(random.next(), radix: 36) }.joined()
        var configuration = KubeSimulator.Configuration()
        configuration.customResourceDefinitions = [
            String(decoding: PackageResources.loraadapters_yaml, as: UTF8.self)
        ]
        configuration.pathPrefix = pathPrefix
        configuration.allowsLoopbackEndpoints = true
        api = try KubeSimulator(configuration, time: time, random: random)
        _ = try api.create(Self.serviceObject(servers))
        for slice in Self.slices(servers) { _ = try api.create(slice) }
    }

    private static func serviceObject(_ servers: [LocalServer]) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Service",
            "metadata": ["name": .string(service), "namespace": .string(namespace)],
            "spec": ["ports": [["name": "http", "port": .int(Int64(servers.first?.port ?? 8000)), "protocol": "TCP"]]],
        ]
    }

    /// One slice for each address family and port, as the API asks for.
    private static func slices(_ servers: [LocalServer]) -> [JSONValue] {
        let groups = Dictionary(grouping: servers) { Place(isVersion6: $0.address.contains(":"), port: $0.port) }
        return groups.sorted { $0.key < $1.key }.map { place, servers in
            let family = place.isVersion6 ? "IPv6" : "IPv4"
            return [
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": [
                    "name": .string("\(service)-\(family.lowercased())-\(place.port)"), "namespace": .string(namespace),
                    "labels": ["kubernetes.io/service-name": .string(service)],
                ],
                "addressType": .string(family),
                "endpoints": .array(servers.map(endpoint)),
                "ports": [["name": "http", "port": .int(Int64(place.port)), "protocol": "TCP"]],
            ]
        }
    }

    private struct Place: Hashable, Comparable {
        var isVersion6: Bool
        var port: Int

        static func < (a: Place, b: Place) -> Bool { (a.isVersion6 ? 1 : 0, a.port) < (b.isVersion6 ? 1 : 0, b.port) }
    }

    private static func endpoint(_ server: LocalServer) -> JSONValue {
        var endpoint: [String: JSONValue] = [
            "addresses": [.string(server.address)], "conditions": ["ready": true],
        ]
        if server.name != server.address { endpoint["hostname"] = .string(server.name) }
        return .object(endpoint)
    }
}
