import CurlHTTP
import DynamicJSON
import Synchronization
import VLLMSimulator

/// A simulated vLLM server with a socket, and the Pod that it claims to run in.
final class ModelServer: Sendable {
    /// Of its Pod.
    let name: String
    let address: String
    let port: Int
    let vllm: SimulatedServer
    private let listener: Listener
    private let container = Atomic(1)

    init(_ name: String, address: String, port: Int, _ configuration: ServerConfiguration) async throws {
        let vllm = SimulatedServer(configuration, time: SystemTime(), random: SystemRandom())
        let listener = try await Listener { report in
            let fleet = VLLMFleet([VLLMFleet.Member(vllm, host: address, port: port)], logger: .silent)
            try await fleet.run { _, port in report(port) }
        }
        self.name = name
        self.address = address
        self.port = listener.port
        self.vllm = vllm
        self.listener = listener
    }

    func stop() async { await listener.stop() }

    /// What it holds, as `name=path`, sorted.
    var holds: [String] { vllm.adapters.map { "\($0.name)=\($0.path)" }.sorted() }

    /// Loads and unloads that came in, whatever became of them.
    var changes: Int { vllm.requestCount(.load) + vllm.requestCount(.unload) }

    // MARK: Its Pod

    /// The next container runs; what the former one held is gone.
    func startNextContainer() {
        container.add(1, ordering: .relaxed)
        vllm.restart()
    }

    var pod: JSONValue {
        get throws {
            try .yaml(
                """
                apiVersion: v1
                kind: Pod
                metadata: {name: \(name), labels: {app: vllm}}
                spec:
                  containers:
                  - name: vllm
                    image: vllm/vllm-openai
                    ports: [{name: http, containerPort: \(port), protocol: TCP}]
                """)
        }
    }

    var podStatus: JSONValue {
        get throws {
            let number = container.load(ordering: .relaxed)
            return try .yaml(
                """
                status:
                  phase: Running
                  podIP: \(address)
                  podIPs: [{ip: \(address)}]
                  conditions: [{type: Ready, status: "True"}]
                  containerStatuses:
                  - name: vllm
                    image: vllm/vllm-openai
                    imageID: ""
                    ready: true
                    restartCount: \(number - 1)
                    containerID: containerd://\(name)-\(number)
                """)
        }
    }
}
