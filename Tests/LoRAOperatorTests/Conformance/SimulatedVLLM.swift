import Synchronization
import Testing
import VLLMSimulator

/// A simulated server whose disk is that of `make_adapters.py`.
final class SimulatedVLLM: VLLMUnderTest {
    let adapters = "/models/adapters"
    let resolverDirectory = "/models/resolver"
    let lastLines = ""
    private let configuration: ServerConfiguration
    private let server = Mutex<ModelServer?>(nil)

    init(_ version: VLLMVersion, _ setup: VLLMSetup) {
        var configuration = ServerConfiguration()
        configuration.version = version
        configuration.servedNames = ["tiny"]
        configuration.loadDuration = .milliseconds(20)
        configuration.apiKey = setup.apiKey
        configuration.allowsRuntimeUpdates = setup.allowsRuntimeUpdates
        configuration.enablesLoRA = setup.enablesLoRA
        configuration.files["\(resolverDirectory)/found"] = .adapter
        if setup.hasResolver { configuration.resolverDirectory = resolverDirectory }
        for name in ["nope", "bad-no-config", "bad-empty-dir"] { configuration.files["\(adapters)/\(name)"] = .missing }
        configuration.files["\(adapters)/bad-rank64"] = .rank(64)
        for name in [
            "r0", "shape", "dora", "modules-to-save", "target", "no-weights", "garbage-weights", "config-json",
            "config-empty", "is-a-file",
        ] { configuration.files["\(adapters)/bad-\(name)"] = .broken("it is broken") }
        self.configuration = configuration
    }

    private var present: ModelServer? { server.withLock { $0 } }

    var url: String { present.map { "http://\($0.address):\($0.port)" } ?? "" }

    func start() async throws {
        if let present {
            present.vllm.restart()
        } else {
            let made = try await ModelServer(
                "vllm", address: "\(SimulatedAPIServer.loopbackNetwork).254.1", port: 0, configuration)
            server.withLock { $0 = made }
        }
    }

    func stop() async { present?.vllm.goDown() }

    func killEngine() async throws { present?.vllm.setEngine(alive: false) }

    func exitCode() async throws -> Int32? {
        present?.vllm.goDown()
        return 0
    }
}
