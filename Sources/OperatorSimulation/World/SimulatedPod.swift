import DynamicJSON
import Effects
import Synchronization
import VLLMSimulator

/// A pod and the server in it: what Kubernetes says of it, and what answers at its address.
final class SimulatedPod: HTTPHandler {
    struct State: Sendable {
        var restarts = 0
        /// When the container started.
        var startedAt = Duration.zero
        var isReady = true
        var isTerminating = false
        var trouble: ServerTrouble?
        /// Services that select it, and those that ever did.
        var services: [String]
        var everServices: [String]
        var movedAt: Duration?
    }

    let name: String
    let uid: String
    let address: String
    let server: SimulatedServer
    /// Where its server listens.
    let port: Int
    let authority: String
    private let state: Mutex<State>

    /// What a port of a server may be: of most it is the first.
    static let ports = [8000, 8001]

    init(
        name: String, uid: String, address: String, port: Int, services: [String], server: SimulatedServer,
        startedAt: Duration
    ) {
        self.name = name
        self.uid = uid
        self.address = address
        state = Mutex(State(startedAt: startedAt, services: services, everServices: services))
        self.server = server
        self.port = port
        authority = "\(address):\(port)"
    }

    var now: State { state.withLock { $0 } }
    /// Services that select it.
    var services: [String] { now.services }
    /// Those, and the ones that did before: a claim on a server stands wherever its pod went.
    var everServices: [String] { now.everServices }
    /// Roots by adapter name.
    var adapters: [String: String] { Dictionary(server.adapters) { _, last in last } }
    var containerID: String { "containerd://\(uid)-\(now.restarts)" }

    func change(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    func respond(to request: HTTPRequest) async throws -> HTTPResponse { try await server.respond(to: request) }

    /// The Pod object; without a uid where it is not created yet.
    static func manifest(name: String, namespace: String, services: [String], port: Int) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": [
                "name": .string(name), "namespace": .string(namespace),
                "labels": labels(services),
            ],
            "spec": [
                "containers": [
                    [
                        "name": "vllm", "image": "vllm/vllm-openai",
                        "ports": [["name": "http", "containerPort": .int(Int64(port)), "protocol": "TCP"]],
                    ]
                ]
            ],
        ]
    }

    static func labels(_ services: [String]) -> JSONValue {
        .object(Dictionary(services.map { ("service-\($0)", "yes") }) { first, _ in first })
    }

    var status: JSONValue {
        let now = now
        let ready: JSONValue = now.isReady ? "True" : "False"
        return [
            "phase": "Running", "podIP": .string(address), "podIPs": [["ip": .string(address)]],
            "conditions": [["type": "Ready", "status": ready, "lastTransitionTime": "2026-01-01T00:00:00Z"]],
            "containerStatuses": [
                [
                    "name": "vllm", "ready": .bool(now.isReady), "restartCount": .int(Int64(now.restarts)),
                    "image": "vllm/vllm-openai", "imageID": "x", "containerID": .string(containerID), "started": true,
                ]
            ],
        ]
    }

    /// The endpoint in an EndpointSlice of `namespace`.
    func endpoint(in namespace: String) -> JSONValue {
        let now = now
        return [
            "addresses": [.string(address)],
            "conditions": [
                "ready": .bool(now.isReady && !now.isTerminating), "serving": .bool(now.isReady),
                "terminating": .bool(now.isTerminating),
            ],
            "targetRef": [
                "kind": "Pod", "namespace": .string(namespace), "name": .string(name), "uid": .string(uid),
            ],
        ]
    }
}
