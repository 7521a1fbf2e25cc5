import AdapterController
import Effects
import HTTPServer
import Logging

/// `/healthz` and `/readyz` for the kubelet.
struct HealthServer: HTTPHandler {
    private let address: BindAddress
    private let readiness: Readiness
    private let logger: Logger

    init(_ address: BindAddress, readiness: Readiness, logger: Logger) {
        self.address = address
        self.readiness = readiness
        self.logger = logger
    }

    func run() async throws {
        var limits = HTTPServerLimits()
        limits.connections = 64
        limits.bodyBytes = 0
        let server = HTTPServer(host: address.host, port: address.port, handler: self, limits: limits, logger: logger)
        try await server.run { _ in }
    }

    func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        guard request.method.isSafe else { return text(405, "only GET\n") }
        switch request.url.prefix(while: { $0 != "?" }) {
        // Answering at all is the proof: neither the API server nor any vLLM server makes this one unhealthy.
        case "/healthz": return text(200, "ok\n")
        case "/readyz":
            let missing = readiness.missing
            return missing.isEmpty
                ? text(200, "ok\n") : text(503, missing.map { "waiting: \($0)\n" }.joined())
        default: return text(404, "try /healthz or /readyz\n")
        }
    }

    private func text(_ status: Int, _ body: String) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [HTTPHeader("Content-Type", "text/plain; charset=utf-8")], body: Array(body.utf8))
    }
}
