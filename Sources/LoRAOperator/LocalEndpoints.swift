import DynamicJSON
import Synchronization

/// Where the servers of `local` are now, as EndpointSlices and as the answer to "may this be contacted".
///
/// A name that cannot be looked up keeps the address that it had: offline is not deleted.
final class LocalEndpoints: Sendable {
    private let servers: [LocalServer]
    private let addresses: Mutex<[String: String]>

    /// Servers of which `known` says the addresses that host names had before.
    init(_ servers: [LocalServer], known: [String: String] = [:]) {
        self.servers = servers
        let fixed = servers.filter(\.hasAddress).map { ($0.host, $0.host) }
        addresses = Mutex(known.merging(fixed) { $1 })
    }

    /// The names that have to be looked up, sorted.
    var names: [String] { Set(servers.filter { !$0.hasAddress }.map(\.host)).sorted() }

    /// Takes what a name was found to be; an address that still belongs to it is kept.
    ///
    /// Returns whether something changed.
    func found(_ found: [String], for name: String) -> Bool {
        addresses.withLock { addresses in
            guard let first = found.first, !found.contains(addresses[name] ?? "") else { return false }
            addresses[name] = first
            return true
        }
    }

    func allows(_ endpoint: String) -> Bool { places.contains { "\($0.address):\($0.server.port)" == endpoint } }

    /// The servers whose address is known, each place once.
    var places: [(server: LocalServer, address: String)] {
        let addresses = addresses.withLock { $0 }
        var seen: Set<String> = []
        return servers.compactMap { server in
            guard let address = addresses[server.host], seen.insert("\(address):\(server.port)").inserted else {
                return nil
            }
            return (server, address)
        }
    }

    /// One slice for each address family and port, as the API asks for, of the Service `service`.
    func slices(of service: String, in namespace: String) -> [JSONValue] {
        let groups = Dictionary(grouping: places) { Group(isVersion6: $0.address.contains(":"), port: $0.server.port) }
        return groups.sorted { $0.key < $1.key }.map { group, places in
            let family = group.isVersion6 ? "IPv6" : "IPv4"
            return [
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": [
                    "name": .string("\(service)-\(family.lowercased())-\(group.port)"),
                    "namespace": .string(namespace), "labels": ["kubernetes.io/service-name": .string(service)],
                ],
                "addressType": .string(family),
                "endpoints": .array(places.map { Self.endpoint($0.server, $0.address) }),
                "ports": [["name": "http", "port": .int(Int64(group.port)), "protocol": "TCP"]],
            ]
        }
    }

    private struct Group: Hashable, Comparable {
        var isVersion6: Bool
        var port: Int

        static func < (a: Group, b: Group) -> Bool { (a.isVersion6 ? 1 : 0, a.port) < (b.isVersion6 ? 1 : 0, b.port) }
    }

    private static func endpoint(_ server: LocalServer, _ address: String) -> JSONValue {
        var endpoint: [String: JSONValue] = ["addresses": [.string(address)], "conditions": ["ready": true]]
        if server.name != address { endpoint["hostname"] = .string(server.name) }
        return .object(endpoint)
    }

    /// The addresses that stored slices give to host names.
    static func addresses(in slices: [JSONValue], of servers: [LocalServer]) -> [String: String] {
        var known: [String: String] = [:]
        for endpoint in slices.flatMap({ $0["endpoints"]?.arrayValue ?? [] }) {
            guard let address = endpoint["addresses"]?.arrayValue?.first?.stringValue,
                let server = servers.first(where: { !$0.hasAddress && $0.name == endpoint["hostname"]?.stringValue })
            else { continue }
            known[server.host] = address
        }
        return known
    }
}
