import CurlHTTP
import Effects
import Testing
import VLLMAPI
import VLLMSimulator

struct ContractTests {
    static let versions = ["0.8.5", "0.10.0", "0.10.1", "0.15.0", "0.18.0", "0.22.0", "0.31.0", "0.32.0"]

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
        let version = configuration.version
        server.reconfigure {
            $0 = ServerConfiguration()
            $0.version = version
        }
        server.setEngine(alive: false)
        #expect(await loadReason(client) == .engineUnhealthy)
        #expect(await vllmError { try await client.health() }?.reason == .engineUnhealthy)
        server.goDown()
        #expect(await vllmError { try await client.health() }?.reason == .connectionRefused)
    }

    private func loadReason(_ client: VLLMClient) async -> VLLMError.Reason? {
        await vllmError { try await client.load(name: "a", path: "/a", timeout: .seconds(1)) }?.reason
    }
}
