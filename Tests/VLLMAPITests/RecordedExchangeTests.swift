import Effects
import FoundationEssentials
import TestSupport
import Testing
import VLLMAPI

/// The client against what a real vLLM 0.32.0 answered.
struct RecordedExchangeTests {
    /// What each recorded answer other than 200 means; everything else is a success.
    static let refusals: [String: VLLMError.Reason] = [
        "102-load-alpha-again-same-path": .alreadyLoaded,
        "103-load-alpha-different-path": .alreadyLoaded,
        "108-unload-beta-again": .notLoaded,
        "120-load-nonexistent-path": .pathNotFound,
        "121-load-missing-lora_path": .invalidAdapter,
        "122-load-missing-lora_name": .invalidAdapter,
        "123-load-empty-object": .invalidAdapter,
        "124-load-empty-body": .invalidAdapter,
        "125-load-bad-json": .invalidAdapter,
        "126-load-no-content-type": .invalidAdapter,
        "127-load-wrong-content-type": .invalidAdapter,
        "127b-load-form-content-type": .invalidAdapter,
        "128-load-empty-strings": .invalidAdapter,
        "129-load-null-values": .invalidAdapter,
        "130-load-number-name": .invalidAdapter,
        "131-load-array-body": .invalidAdapter,
        "132-load-content-type-charset": .pathNotFound,
        "140-load-bad-config-empty": .invalidAdapter,
        "140-load-bad-config-json": .invalidAdapter,
        "140-load-bad-dora": .invalidAdapter,
        "140-load-bad-empty-dir": .pathNotFound,
        "140-load-bad-garbage-weights": .invalidAdapter,
        "140-load-bad-is-a-file": .invalidAdapter,
        "140-load-bad-modules-to-save": .invalidAdapter,
        "140-load-bad-no-config": .pathNotFound,
        "140-load-bad-no-weights": .invalidAdapter,
        "140-load-bad-r0": .invalidAdapter,
        "140-load-bad-rank64": .rankTooLarge,
        "140-load-bad-shape": .invalidAdapter,
        "140-load-bad-target": .invalidAdapter,
        "164-load-is_3d_lora_weight-badtype": .invalidAdapter,
        "165-load-load_inplace-null": .invalidAdapter,
        "169-unload-lora_int_id-string": .unloadFailed,
        "170-unload-missing-name": .unloadFailed,
        "171-unload-only-lora_int_id": .unloadFailed,
        "172-unload-empty-name": .unloadFailed,
        "173-unload-empty-body": .unloadFailed,
        "174-unload-bad-json": .unloadFailed,
        "175-unload-base-model": .notLoaded,
        "176-unload-null": .unloadFailed,
        "185-load-path-file-url": .pathNotFound,
        "186-load-path-whitespace": .pathNotFound,
        "188-load-path-hf-repo-id-offline": .pathNotFound,
        "189-load-path-relative-missing-deep": .pathNotFound,
        "190-load-path-hf-invalid": .pathNotFound,
        "200-load-name-equals-base": .nameCollidesWithBaseModel,
        "420-inplace-fail-nonexistent-over-good": .pathNotFound,
        "421-inplace-fail-rank64-over-good": .rankTooLarge,
        "423-inplace-fail-shape-over-good": .invalidAdapter,
        "500-noenv-load": .runtimeUpdatingDisabled,
        "501-noenv-unload": .runtimeUpdatingDisabled,
        "502-noenv-unload-bad-body": .runtimeUpdatingDisabled,
        "510-nolora-load": .loraDisabled,
        "511-nolora-load-nonexistent": .loraDisabled,
        "512-nolora-unload": .notLoaded,
        "520-apikey-notoken-GET-v1-models": .unauthorized,
        "521-apikey-notoken-load": .unauthorized,
        "522-apikey-notoken-unload": .unauthorized,
        "528-apikey-wrong-token": .unauthorized,
        "529-apikey-basic-scheme": .unauthorized,
        "531-apikey-two-spaces": .unauthorized,
        "531b-apikey-x-api-key": .unauthorized,
        "602-resolver-load-already-resolved-same-path": .alreadyLoaded,
        "701-load-name-equals-second-alias": .nameCollidesWithBaseModel,
        "702-load-static-name-again": .alreadyLoaded,
    ]

    struct Body: Decodable {
        var lora_name: String?
        var lora_path: String?
        var load_inplace: Bool?
        var is_3d_lora_weight: Bool?
    }

    static func recordings(_ targets: String...) throws -> [VLLMRecording] {
        try VLLMRecording.all().filter { targets.contains("\($0.request.method.rawValue) \($0.request.url)") }
    }

    @Test(
        arguments: try recordings(
            "POST /v1/load_lora_adapter", "POST /v1/unload_lora_adapter", "GET /v1/models", "GET /health",
            "GET /version"))
    func `each recorded answer is read for what it means`(recording: VLLMRecording) async throws {
        let (client, transport) = VLLMClient.scripted(.success(recording.response))

        let error = await vllmError { try await ask(client, recording) }

        #expect(error?.reason == Self.refusals[recording.name])
        #expect(error?.outcomeIsUnknown != true)
        #expect(transport.requests.count == 1)
        #expect(transport.requests.first?.url == "http://127.0.0.1:8000\(recording.request.url)")
        if let message = error?.message {
            #expect(message.utf8.count <= 256)
            #expect(!message.contains("\n"))
        }
    }

    @Test func `every refusal of the table was recorded`() throws {
        #expect(try Set(Self.refusals.keys).subtracting(VLLMRecording.all().map(\.name)) == [])
    }

    @Test(arguments: try recordings("POST /v1/load_lora_adapter").filter { $0.response.head.status == 200 })
    func `a load asks what the recorded one asked`(recording: VLLMRecording) async throws {
        let (client, transport) = VLLMClient.scripted(.success(recording.response))

        try await ask(client, recording)

        let sent = try JSONDecoder().decode(Body.self, from: Data(transport.requests.first?.body ?? []))
        let recorded = try JSONDecoder().decode(Body.self, from: Data(recording.request.body ?? []))
        #expect(sent.lora_name == recorded.lora_name)
        #expect(sent.lora_path == recorded.lora_path)
        #expect(sent.load_inplace == recorded.load_inplace)
        #expect(sent.is_3d_lora_weight == recorded.is_3d_lora_weight)
    }

    @Test(arguments: [
        ("010-models-base-only", ["tiny"], []),
        ("101-models-after-alpha", ["tiny"], ["alpha=/srv/models/adapters/alpha"]),
        (
            "166-models-after", ["tiny"],
            [
                "alpha=/srv/models/adapters/alpha-v2", "beta=/srv/models/adapters/beta",
                "gamma=/srv/models/adapters/gamma", "delta=/srv/models/adapters/delta", "eps=/srv/models/adapters/eps",
            ]
        ),
        (
            "700-models-two-served-names-and-static", ["tiny", "tiny-alias"],
            ["static1=/srv/models/adapters/alpha"]
        ),
        ("513-nolora-models", ["tiny"], []),
    ])
    func `a recorded list is read`(name: String, bases: [String], adapters: [String]) async throws {
        let recording = try #require(try VLLMRecording.all().first { $0.name == name })
        let (client, _) = VLLMClient.scripted(.success(recording.response))

        let list = try await client.models()

        #expect(list.baseModels.map(\.id) == bases)
        #expect(list.baseModels.allSatisfy { $0.root == "/srv/models/base" && $0.maxModelLen == 256 })
        #expect(list.adapters.map { "\($0.id)=\($0.root ?? "-")" } == adapters)
        #expect(list.adapters.allSatisfy { $0.parent == "tiny" && $0.maxModelLen == nil })
    }

    private func ask(_ client: VLLMClient, _ recording: VLLMRecording) async throws {
        let body = try? JSONDecoder().decode(Body.self, from: Data(recording.request.body ?? []))
        let name = body?.lora_name ?? "a"
        switch recording.request.url {
        case "/v1/load_lora_adapter":
            try await client.load(
                name: name, path: body?.lora_path ?? "/a", is3D: body?.is_3d_lora_weight == true,
                inPlace: body?.load_inplace == true, timeout: .seconds(1))
        case "/v1/unload_lora_adapter": try await client.unload(name: name, timeout: .seconds(1))
        case "/v1/models": _ = try await client.models()
        case "/health": try await client.health()
        default: #expect(try await client.version() == "0.32.0")
        }
    }
}
