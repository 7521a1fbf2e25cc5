import Foundation
import Testing
import VLLMSimulator

/// A vLLM that the operator is held to.
///
/// Each holds the same tests, so that simulated and real servers cannot drift apart.
enum Subject: Sendable, CustomTestStringConvertible {
    case simulated(VLLMVersion)
    /// The one that `scripts/conformance.sh` installed: its command, and the directory of a tiny model and its adapters.
    case installed(program: String, models: String)
    /// A server that runs already, and the directory of adapters that it reads. It can neither be restarted nor set up.
    case running(url: String, adapters: String)

    static let simulated: [Subject] = [
        VLLMVersion(0, 8, 5), VLLMVersion(0, 10), VLLMVersion(0, 10, 1), VLLMVersion(0, 15), VLLMVersion(0, 18),
        VLLMVersion(0, 22), VLLMVersion(0, 31), VLLMVersion(0, 32),
    ].map { .simulated($0) }

    /// Only `scripts/conformance.sh` sets it: a server that the environment names by chance must not be touched.
    private static let environment: [String: String] = {
        let environment = ProcessInfo.processInfo.environment
        return environment["LORA_OPERATOR_CONFORMANCE"] == nil ? [:] : environment
    }()

    /// The directory that takes a file for each step that a real server has shown.
    static var report: String? { environment["LORA_OPERATOR_CONFORMANCE"] }

    private static let installed: [Subject] = {
        guard let program = environment["VLLM_PROGRAM"], let models = environment["VLLM_MODELS"] else { return [] }
        return [.installed(program: program, models: models)]
    }()

    private static let running: [Subject] = {
        guard let url = environment["VLLM_URL"], !url.isEmpty else { return [] }
        return [.running(url: url, adapters: environment["VLLM_ADAPTERS"] ?? "/srv/models/adapters")]
    }()

    /// Those that can be set up and restarted.
    static let controllable = installed + simulated
    static let all = running + controllable

    var testDescription: String {
        switch self {
        case .simulated(let version): "simulated vLLM \(version)"
        case .installed: "real vLLM"
        case .running(let url, _): "real vLLM at \(url)"
        }
    }

    var isControllable: Bool { if case .running = self { false } else { true } }
    var isReal: Bool { if case .simulated = self { false } else { true } }

    /// Whether it has a resolver plugin for a directory.
    var hasResolver: Bool { if case .simulated(let version) = self { version >= VLLMVersion(0, 9) } else { true } }
    /// Whether it has `POST /adapters`.
    var hasAdapterRoutes: Bool {
        if case .simulated(let version) = self { version >= VLLMVersion(0, 11, 1) } else { true }
    }

    /// The API key that the operator sends where the server was not set up with another.
    var apiKey: String? { if case .running = self { Self.environment["VLLM_API_KEY"] } else { nil } }

    /// The server, not started yet; it may keep files in `directory`.
    func server(_ setup: VLLMSetup, in directory: String) throws -> any VLLMUnderTest {
        switch self {
        case .simulated(let version): SimulatedVLLM(version, setup)
        case .installed(let program, let models):
            try InstalledVLLM(program: program, models: models, setup, directory: directory)
        case .running(let url, let adapters): RunningVLLM(url: url, adapters: adapters)
        }
    }
}

/// How a server is started.
struct VLLMSetup: Sendable {
    /// `--api-key`.
    var apiKey: String?
    /// `VLLM_ALLOW_RUNTIME_LORA_UPDATING`.
    var allowsRuntimeUpdates = true
    /// `--enable-lora`.
    var enablesLoRA = true
    /// `VLLM_PLUGINS=lora_filesystem_resolver`, with the directory ``VLLMUnderTest/resolverDirectory``.
    var hasResolver = false
}

/// One server of a ``Subject``.
protocol VLLMUnderTest: Sendable {
    var url: String { get }
    /// Holds the directories that `make_adapters.py` writes.
    var adapters: String { get }
    var resolverDirectory: String { get }

    /// Starts it, and returns once it is healthy.
    func start() async throws
    /// Ends it as the kubelet does. What it held is forgotten.
    func stop() async
    /// Lets its engine die and returns while the API process is still there.
    func killEngine() async throws
    /// Waits until a server without engine has ended and returns its exit code.
    func exitCode() async throws -> Int32?
    /// What it says of itself, for a test that failed.
    var lastLines: String { get }
}

/// Nothing can be done to it.
struct RunningVLLM: VLLMUnderTest {
    var url: String
    var adapters: String
    var resolverDirectory: String { "" }
    var lastLines: String { "" }

    func start() async throws {}
    func stop() async {}
    func killEngine() async throws {}
    func exitCode() async throws -> Int32? { nil }
}
