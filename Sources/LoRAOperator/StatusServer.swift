import AdapterController
import Effects
import HTTPServer
import Logging
import Metrics

/// Pages of text for the kubelet and Prometheus: GET alone, no bodies, few connections.
struct StatusServer: HTTPHandler {
    struct Page {
        var status = 200
        var text: String
        /// Of Prometheus' text format where there is one.
        var version: String?
    }

    private let address: BindAddress
    /// By path.
    private let pages: [String: @Sendable () -> Page]
    private let logger: Logger

    /// `/healthz` and `/readyz`.
    static func health(
        _ address: BindAddress, readiness: Readiness, isHealthy: @escaping @Sendable () -> Bool, logger: Logger
    ) -> StatusServer {
        StatusServer(
            address: address,
            pages: [
                // Neither the API server nor any vLLM server makes this one unhealthy.
                "/healthz": {
                    isHealthy() ? Page(text: "ok\n") : Page(status: 500, text: "leads, but does not renew its lease\n")
                },
                "/readyz": {
                    let missing = readiness.missing
                    return missing.isEmpty
                        ? Page(text: "ok\n") : Page(status: 503, text: missing.map { "waiting: \($0)\n" }.joined())
                },
            ], logger: logger)
    }

    /// `/metrics`.
    static func metrics(_ address: BindAddress, registry: MetricsRegistry, logger: Logger) -> StatusServer {
        StatusServer(
            address: address, pages: ["/metrics": { Page(text: registry.text, version: "0.0.4") }], logger: logger)
    }

    func run() async throws {
        var limits = HTTPServerLimits()
        limits.connections = 64
        limits.bodyBytes = 0
        let server = HTTPServer(host: address.host, port: address.port, handler: self, limits: limits, logger: logger)
        try await server.run { _ in }
    }

    func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        let page = page(request)
        let type = "text/plain; \(page.version.map { "version=\($0); " } ?? "")charset=utf-8"
        return HTTPResponse(
            status: page.status, headers: [HTTPHeader("Content-Type", type)], body: Array(page.text.utf8))
    }

    private func page(_ request: HTTPRequest) -> Page {
        guard request.method.isSafe else { return Page(status: 405, text: "only GET\n") }
        let path = String(request.url.prefix { $0 != "?" })
        let known = pages.keys.sorted().joined(separator: " or ")
        return pages[path]?() ?? Page(status: 404, text: "try \(known)\n")
    }
}
