import Testing
import VLLMAPI
import VLLMSimulator

/// What the client finds with any vLLM, simulated or real.
struct ClientContract {
    var client: VLLMClient
    var version: VLLMVersion
    var base: String
    /// Holds `alpha`, `beta` and `bad-rank64` (of a rank beyond the server's), and not `nope`.
    var directory: String

    func check() async throws {
        try await client.health()
        let before = try await client.models()
        #expect(before.baseModels.map(\.id) == [base])
        #expect(before.adapters.isEmpty)

        try await load("one", "alpha")
        let card = try #require(try await client.models().adapters.first)
        #expect(card == ModelCard(id: "one", root: "\(directory)/alpha", parent: base, maxModelLen: nil))

        #expect(await reason { try await load("one", "alpha") } == .alreadyLoaded)
        #expect(await reason { try await load("one", "beta") } == .alreadyLoaded)
        #expect(await reason { try await load("two", "nope") } == .pathNotFound)
        #expect(await reason { try await load("two", "bad-rank64") } == .rankTooLarge)
        if version >= VLLMVersion(0, 31) {
            #expect(await reason { try await load(base, "alpha") } == .nameCollidesWithBaseModel)
        }
        #expect(try await client.models().adapters == [card])

        try await load("two", "beta")
        #expect(try await client.models().adapters.map(\.id) == ["one", "two"])
        if version >= VLLMVersion(0, 15) {
            try await load("two", "alpha", inPlace: true)
            #expect(try await client.models().adapters.map(\.root) == [card.root, card.root])
        } else {
            #expect(await reason { try await load("two", "alpha", inPlace: true) } == .alreadyLoaded)
        }

        for name in ["one", "two"] { try await client.unload(name: name, timeout: .seconds(60)) }
        #expect(await reason { try await client.unload(name: "one", timeout: .seconds(60)) } == .notLoaded)
        #expect(try await client.models() == before)
    }

    private func load(_ name: String, _ adapter: String, inPlace: Bool = false) async throws {
        try await client.load(name: name, path: "\(directory)/\(adapter)", inPlace: inPlace, timeout: .seconds(60))
    }

    private func reason(_ body: () async throws -> Void) async -> VLLMError.Reason? {
        do {
            try await body()
            return nil
        } catch {
            let error = error as? VLLMError
            #expect(error?.outcomeIsUnknown == false)
            return error?.reason
        }
    }
}
