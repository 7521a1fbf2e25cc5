import AdapterPlanning
import Effects
import KubeAPI

/// How a server is reached.
///
/// Objects that reach it in the same way share what is observed; different credentials never do.
struct Connection: Hashable, Sendable, Comparable {
    var server: ServerID
    var address: String
    /// A replaced incarnation is another connection: nothing that was observed before counts.
    var incarnation: String?
    /// Of the objects, and so of the Secrets.
    var namespace: String
    var scheme: String
    var apiKey: AdapterSpec.KeyReference?
    var authority: AdapterSpec.KeyReference?
    /// To verify, and to send as SNI; empty for plain http.
    var serverName: String

    init(_ server: Server, _ target: AdapterSpec.Target, namespace: String) {
        self.server = server.id
        address = server.address
        incarnation = server.incarnation
        self.namespace = namespace
        scheme = target.scheme ?? "http"
        apiKey = target.apiKeySecretRef
        authority = scheme == "https" ? target.tls?.caSecretRef : nil
        serverName = scheme == "https" ? target.tls?.serverName ?? "\(target.service.name).\(namespace).svc" : ""
    }

    /// Where the server listens, for example `10.0.3.7:8000`.
    var place: String { "\(address.urlHost):\(server.port)" }
    /// For example `http://10.0.3.7:8000`.
    var baseURL: String { "\(scheme)://\(place)" }

    /// Whether this is another server, or another incarnation, in the place of `other`.
    func succeeds(_ other: Connection) -> Bool {
        address == other.address && server.port == other.server.port && !leads(where: other)
    }

    /// Whether it leads to the server that `other` leads to, be it in another way, such as with another Secret.
    func leads(where other: Connection) -> Bool {
        server == other.server && address == other.address && incarnation == other.incarnation
    }

    /// A fixed order for everything that walks connections.
    static func < (a: Connection, b: Connection) -> Bool {
        // What most pairs differ in needs no list of everything.
        a.server != b.server ? a.server < b.server : a.order.lexicographicallyPrecedes(b.order)
    }

    private var order: [String] {
        [
            namespace, scheme, address, incarnation ?? "", serverName,
            apiKey?.name ?? "", apiKey?.key ?? "", authority?.name ?? "", authority?.key ?? "",
        ]
    }
}
