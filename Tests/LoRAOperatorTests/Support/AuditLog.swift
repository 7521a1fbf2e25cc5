import Effects
import Synchronization

/// What an API server was asked and by whom, as its audit log would tell.
final class AuditLog: HTTPHandler {
    private let server: any HTTPHandler
    private let log = Mutex<[APICall]>([])
    private let texts = Mutex<[String]>([])

    init(_ server: any HTTPHandler) { self.server = server }

    /// Everything that a client with this user agent asked for.
    func calls(by agent: String) -> [APICall] { log.withLock { $0.filter { $0.agent.hasPrefix(agent) } } }

    /// Paths and bodies of all requests, whoever sent them, but not of those for Secrets.
    var contents: [String] { texts.withLock { $0 } }

    func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        if let call = APICall(request) {
            log.withLock { $0.append(call) }
            let text = request.url + " " + String(decoding: request.body ?? [], as: UTF8.self)
            if call.resource != "secrets" { texts.withLock { $0.append(text) } }
        }
        return try await server.respond(to: request)
    }
}

/// One request in the words of RBAC.
struct APICall: Hashable, Sendable {
    var agent: String
    var verb: String
    var group: String
    /// With its subresource: `loraadapters/status`.
    var resource: String
    /// nil: all namespaces at once, or a kind without any.
    var namespace: String?
    var name: String?

    /// nil for what is no resource, such as `/version`.
    init?(_ request: HTTPRequest) {
        let parts = request.url.split(separator: "?", maxSplits: 1).map(String.init)
        var path = (parts.first ?? "").split(separator: "/").map(String.init)[...]
        switch path.popFirst() {
        case "api": group = ""
        case "apis": group = path.popFirst() ?? ""
        default: return nil
        }
        guard path.popFirst() != nil else { return nil }
        if path.first == "namespaces", path.count > 2 {
            path.removeFirst()
            namespace = path.popFirst()
        }
        guard let plural = path.popFirst() else { return nil }
        name = path.popFirst()
        resource = path.first.map { "\(plural)/\($0)" } ?? plural
        let isWatch =
            parts.count > 1 && ["watch=1", "watch=true"].contains { parts[1].split(separator: "&").contains($0) }
        switch request.method {
        case .get, .head, .options: verb = isWatch ? "watch" : name == nil ? "list" : "get"
        case .post: verb = "create"
        case .put: verb = "update"
        case .patch: verb = "patch"
        case .delete: verb = name == nil ? "deletecollection" : "delete"
        }
        // A list or watch of one object by name passes a rule with resourceNames.
        if name == nil, let query = parts.dropFirst().first?.replacing("%3D", with: "="),
            let match = query.firstMatch(of: /fieldSelector=metadata\.name=([^&,]+)/)
        {
            name = String(match.output.1)
        }
        agent = request.headers.first { $0.name.lowercased() == "user-agent" }?.value ?? ""
    }
}
