import CurlHTTP
import Effects
import Glibc
import HTTPServer
import KubeAPI
import KubeSimulator
import Synchronization

/// A ``KubeSimulator`` with a socket, in this process.
final class SimulatedAPIServer: APIServer {
    let configuration: KubeConfiguration
    let model: KubeSimulator
    let audit: AuditLog
    let isShared = false
    private let socket: Listener

    /// Test runs on one machine at the same time must not meet; 127.0 is left to others.
    static let loopbackNetwork = "127.\(1 + getpid() % 250)"
    var serverNetwork: String { Self.loopbackNetwork }

    /// One that knows LoRAAdapter, unless `customResources` is false, and what `definitions` define; `wrap` puts a handler
    /// before it.
    init(
        customResources: Bool = true, definitions: [String] = [],
        behind wrap: (any HTTPHandler) -> any HTTPHandler = { $0 }
    ) async throws {
        var options = KubeSimulator.Configuration()
        if customResources {
            options.customResourceDefinitions = try ["loraadapters", "servedmodels"].map {
                try Repository.text("crds/\($0).yaml")
            }
        }
        options.allowsLoopbackEndpoints = true
        options.customResourceDefinitions += definitions
        let model = try KubeSimulator(options, time: SystemTime(), random: SystemRandom())
        self.model = model
        let audit = AuditLog(wrap(model))
        self.audit = audit
        let server = { @Sendable in HTTPServer(host: "127.0.0.1", port: 0, handler: audit, logger: .silent) }
        socket = try await Listener { report in try await server().run(onBound: report) }
        configuration = KubeConfiguration(server: "http://127.0.0.1:\(socket.port)", source: "KubeSimulator")
    }

    func stop() async { await socket.stop() }
}
