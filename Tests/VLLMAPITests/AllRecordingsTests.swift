import Effects
import FoundationEssentials
import TestSupport
import Testing
import VLLMAPI

/// All that was recorded of a real vLLM, none of it left out unnoticed.
struct AllRecordingsTests {
    /// Files that hold no single exchange, and the test that reads them, or why none can.
    static let others: [String: String] = [
        "410-concurrent-20-loads-same-name.http": "tally",
        "411-concurrent-20-inplace-loads-different-paths.http": "tally",
        "412-concurrent-load-unload-race.http": "tally",
        "413-load-latency-10.txt": "seconds that loads took",
        "414-concurrent-20-different-names.txt": "statuses, all 200, and seconds",
        "431-health-after-engine-death.http": "refused",
        "432-models-after-engine-death.http": "refused",
        "436-engine-death-log-excerpt.txt": "a log of the server",
        "437-health-after.http": "refused",
        "460-completion-in-flight-at-SIGTERM.http": "a completion that was never answered",
        "461-SIGTERM-with-in-flight-request.txt": "a completion that was cut short",
        "462-startup-poll-health-models-load.txt": "poll",
        "463-engine-core-killed.txt": "poll",
        "710-prefix-cache-same-name-new-weights.txt": "what completions said",
        "openapi-full-0.32.0.json": "description",
        "openapi-lora.json": "description",
    ]

    static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/vllm")

    static func text(_ name: String) throws -> String {
        try String(contentsOf: directory.appending(path: name), encoding: .utf8)
    }

    @Test func `there are 224 recordings, 208 of them exchanges, and each is read by a test`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.directory.path())
        let exchanges = try VLLMRecording.all().map { "\($0.name).http" }

        #expect(files.count == 224)
        #expect(exchanges.count == 208)
        #expect(Set(files).subtracting(exchanges) == Set(Self.others.keys))
    }

    /// Whatever a server answers, to whichever request: an answer or a reason, and no list where none was recorded.
    @Test(arguments: try VLLMRecording.all())
    func `each recorded answer can be the answer to any request`(recording: VLLMRecording) async throws {
        let answer = Result<HTTPReply, HTTPFailure>.success(recording.response)
        let (client, transport) = VLLMClient.scripted(answer, answer, answer, answer, answer, answer, answer, answer)
        let isSuccess = recording.response.head.status == 200
        let isTaken = (200..<300).contains(recording.response.head.status)

        #expect((await refusal { try await client.health() } == nil) == isSuccess)
        #expect(
            (await refusal { try await client.load(name: "a", path: "/a", timeout: .seconds(1)) } == nil) == isTaken)
        #expect((await refusal { try await client.unload(name: "a", timeout: .seconds(1)) } == nil) == isTaken)
        let isList = isSuccess && recording.request.url == "/v1/models" && recording.request.method == .get
        #expect((await refusal { _ = try await client.models() } == nil) == isList)
        let isVersion = isSuccess && recording.request.url == "/version"
        #expect((await refusal { _ = try await client.version() } == nil) == isVersion)
        _ = await refusal { _ = try await client.loraLimits() }
        #expect((5...7).contains(transport.requests.count))
    }

    /// Lines such as `19 load_lora_adapter 400 {"error": …}`; where no route is named it is the load.
    @Test(arguments: [
        "410-concurrent-20-loads-same-name.http", "411-concurrent-20-inplace-loads-different-paths.http",
        "412-concurrent-load-unload-race.http",
    ])
    func `answers to requests that raced are read for what they mean`(name: String) async throws {
        var count = 0
        for line in try Self.text(name).split(separator: "\n") {
            let words = line.replacing("load_lora_adapter", with: "load")
                .split(separator: " ", maxSplits: 3).map(String.init)
            let hasRoute = Int(words[1]) == nil
            let status = try #require(Int(words[hasRoute ? 2 : 1]))
            let body = words.dropFirst(hasRoute ? 3 : 2).joined(separator: " ")
            let (client, _) = VLLMClient.scripted(.answer(status, body, contentType: nil))
            let isUnload = hasRoute && words[1] == "unload"
            count += try #require(Int(words[0]))

            let error = await refusal {
                if isUnload {
                    try await client.unload(name: "race", timeout: .seconds(1))
                } else {
                    try await client.load(name: "race", path: "/a", timeout: .seconds(1))
                }
            }

            #expect(error?.reason == (status == 200 ? nil : isUnload ? .notLoaded : .alreadyLoaded), "\(line)")
        }
        #expect(count == 20)
    }

    /// Lines such as `0.14 health=503/rc0 models=200/rc0 load=500/rc0 alive {"error": …}`.
    @Test(arguments: [
        ("462-startup-poll-health-models-load.txt", [VLLMError.Reason.connectionRefused, nil]),
        ("463-engine-core-killed.txt", [.engineUnhealthy, .connectionRefused]),
    ])
    func `a server that starts, and one whose engine was killed, are told by their health`(
        name: String, expected: [VLLMError.Reason?]
    ) async throws {
        var reasons: [VLLMError.Reason?] = []
        for line in try Self.text(name).split(separator: "\n") {
            let status = try #require(line.firstMatch(of: /health=([0-9]{3})/).flatMap { Int($0.1) }, "\(line)")
            let answer: Result<HTTPReply, HTTPFailure> = status == 0 ? .failure(.connectionRefused) : .answer(status)
            let (client, _) = VLLMClient.scripted(answer)
            let reason = await refusal { try await client.health() }?.reason
            if reasons.last != .some(reason) { reasons.append(reason) }
            guard status == 503, let body = line.firstRange(of: "{")?.lowerBound else { continue }
            // The recorder cut the body off, as a dying server may.
            let (loader, _) = VLLMClient.scripted(.answer(500, String(line[body...])))
            let error = await refusal { try await loader.load(name: "a", path: "/a", timeout: .seconds(1)) }
            #expect(error?.reason == .engineUnhealthy)
        }
        #expect(reasons == expected)
    }

    @Test(arguments: ["431-health-after-engine-death", "432-models-after-engine-death", "437-health-after"])
    func `a server whose engine died is gone`(name: String) async throws {
        try #require(try Self.text("\(name).http").contains("curl: (7) Failed to connect"))
        let (client, _) = VLLMClient.scripted(.failure(.connectionRefused), .failure(.connectionRefused))

        #expect(await refusal { try await client.health() }?.reason == .connectionRefused)
        #expect(await refusal { _ = try await client.models() }?.reason == .connectionRefused)
    }

    @Test func `the server's own description has every field that is sent, and asks for no other`() async throws {
        let description = try JSONDecoder().decode(Description.self, from: Data(Self.text("openapi-lora.json").utf8))
        let (client, transport) = VLLMClient.scripted(.answer(200), .answer(200))
        try await client.load(name: "a", path: "/a", is3D: true, inPlace: true, timeout: .seconds(1))
        try await client.unload(name: "a", timeout: .seconds(1))

        for (request, name) in zip(transport.requests, ["LoadLoRAAdapterRequest", "UnloadLoRAAdapterRequest"]) {
            let schema = try #require(description.components.schemas[name])
            let sent = try JSONDecoder().decode([String: Anything].self, from: Data(request.body ?? [])).keys
            #expect(Set(sent).isSubset(of: schema.properties?.keys.map(\.self) ?? []))
            #expect(Set(schema.required ?? []).isSubset(of: sent))
        }
    }

    @Test(arguments: [
        ("537-devmode-server_info", LoRALimits(maxLoRAs: 2, maxCPULoRAs: 2, maxRank: 16)),
        ("308-metrics-after", LoRALimits(maxLoRAs: 2)),
        ("015-metrics-before", LoRALimits()),
        ("515-nolora-metrics", LoRALimits()),
    ])
    func `limits are read where the server tells them`(name: String, limits: LoRALimits) async throws {
        let recordings = try VLLMRecording.all()
        let told = try #require(recordings.first { $0.name == name }).response
        let noSuchRoute = try #require(recordings.first { $0.name == "016-server-info" }).response
        let isInfo = name == "537-devmode-server_info"
        let (client, transport) = VLLMClient.scripted(.success(isInfo ? told : noSuchRoute), .success(told))

        #expect(try await client.loraLimits() == limits)
        #expect(transport.requests.count == (isInfo ? 1 : 2))
    }

    @Test func `every recording that the table of versions cites is there`() throws {
        let root = Self.directory.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/vllm.md"), encoding: .utf8)
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.directory.path())
        let cited = page.matches(of: /`([0-9]{3}-[^`]+)`/).map { String($0.1) }

        #expect(cited.count > 30)
        #expect(cited.filter { name in !files.contains { $0.hasPrefix("\(name).") } } == [])
    }

    private struct Description: Decodable {
        struct Components: Decodable { var schemas: [String: Schema] }
        struct Schema: Decodable {
            var properties: [String: Anything]?
            var required: [String]?
        }

        var components: Components
    }

    private struct Anything: Decodable {}

    /// The error of `body`, after a look at what people would read.
    private func refusal(_ body: () async throws -> Void) async -> VLLMError? {
        let error = await vllmError(body)
        if let message = error?.message {
            #expect(message.utf8.count <= 256)
            #expect(!message.contains("\n"))
        }
        return error
    }
}
