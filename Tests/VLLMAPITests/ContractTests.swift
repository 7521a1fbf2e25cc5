import CurlHTTP
import Effects
import FoundationEssentials
import Testing
import VLLMAPI
import VLLMSimulator

struct ContractTests {
    static let versions = ["0.8.5", "0.10.0", "0.10.1", "0.15.0", "0.18.0", "0.22.0", "0.31.0", "0.32.0"]

    @Test(arguments: versions)
    func `the client understands each simulated version`(text: String) async throws {
        let version = try #require(VLLMVersion(text))
        var configuration = ServerConfiguration()
        configuration.version = version
        configuration.files = ["/a/nope": .missing, "/a/bad-rank64": .rank(64)]
        let server = SimulatedServer(configuration, time: SystemTime(), random: SystemRandom())

        try await Contract(client: server.client(), version: version, base: "base", directory: "/a").check()

        #expect(server.requestCount(.load) == (version >= VLLMVersion(0, 31) ? 8 : 7))
    }

    @Test(arguments: versions)
    func `the client understands each version without what it needs`(text: String) async throws {
        var configuration = ServerConfiguration()
        configuration.version = try #require(VLLMVersion(text))
        configuration.apiKey = "key"
        let server = SimulatedServer(configuration, time: SystemTime(), random: SystemRandom())
        let client = server.client(apiKey: "key")

        #expect(await vllmError { _ = try await server.client().models() }?.reason == .unauthorized)
        #expect(try await client.models().adapters.isEmpty)
        server.reconfigure { $0.enablesLoRA = false }
        #expect(await loadReason(client) == .loraDisabled)
        server.reconfigure { $0.allowsRuntimeUpdates = false }
        #expect(await loadReason(client) == .runtimeUpdatingDisabled)
        let unload = await vllmError { try await client.unload(name: "a", timeout: .seconds(1)) }
        #expect(unload?.reason == .runtimeUpdatingDisabled)
        server.reconfigure { $0 = ServerConfiguration() }
        server.setEngine(alive: false)
        #expect(await loadReason(client) == .engineUnhealthy)
        #expect(await vllmError { try await client.health() }?.reason == .engineUnhealthy)
        server.goDown()
        #expect(await vllmError { try await client.health() }?.reason == .connectionRefused)
    }

    /// `VLLM_URL=http://127.0.0.1:8000 VLLM_ADAPTERS=/srv/models/adapters` names a server that holds no adapter, with the
    /// adapters of the recordings.
    @Test(.enabled(if: environment("VLLM_URL") != nil, "VLLM_URL names no server"))
    func `the client understands a real server`() async throws {
        let client = VLLMClient(
            endpoint: VLLMEndpoint(baseURL: environment("VLLM_URL") ?? "", apiKey: environment("VLLM_API_KEY")),
            http: CurlTransport())
        let version = try #require(VLLMVersion(String(try await client.version().prefix { $0 != "+" })))
        let base = try #require(try await client.models().baseModels.first?.id)

        let directory = environment("VLLM_ADAPTERS") ?? "/srv/models/adapters"
        try await Contract(client: client, version: version, base: base, directory: directory).check()
    }

    private func loadReason(_ client: VLLMClient) async -> VLLMError.Reason? {
        await vllmError { try await client.load(name: "a", path: "/a", timeout: .seconds(1)) }?.reason
    }
}

private func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
