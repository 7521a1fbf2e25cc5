import KubeAPI
import Testing

/// The API server that a ``Cluster`` lives on.
protocol APIServer: Sendable {
    /// How the operator and the tests reach it.
    var configuration: KubeConfiguration { get }
    /// The first two numbers of the addresses that simulated vLLM servers get.
    var serverNetwork: String { get }
    /// Whether other clusters live on it too, each in a namespace of its own.
    var isShared: Bool { get }
    /// Ends it, unless it is shared.
    func stop() async
}

/// What kind of API server a test runs against: each of them holds the same tests.
enum Backend: String, Sendable, CustomTestStringConvertible {
    case simulated, real

    /// Those that this machine has.
    static let available: [Backend] = RealAPIServer.obstacle == nil ? [.simulated, .real] : [.simulated]

    var testDescription: String { self == .simulated ? "KubeSimulator" : "kube-apiserver" }

    func start() async throws -> any APIServer {
        switch self {
        case .simulated: try await SimulatedAPIServer()
        case .real: try #require(RealAPIServer.current, "the suite did not start its API server")
        }
    }
}
