import Effects
import Testing
import VLLMSimulator

/// Recordings that were made in a row, and the server that they were made with.
struct RecordedSession: CustomTestStringConvertible, Sendable {
    static let adapters = "/srv/models/adapters"

    var testDescription: String
    /// The first and the last number of its recordings.
    var numbers: ClosedRange<Int>
    /// What had been loaded before, by requests that were not recorded.
    var loaded: [(name: String, path: String)] = []
    var change: @Sendable (inout ServerConfiguration) -> Void = { _ in }

    /// Recordings left out, and why.
    static let exclusions: [String: String] = [
        "017-openapi": "the API's description is not modelled",
        "505-noenv-openapi": "the API's description is not modelled",
        "520-apikey-notoken-GET-openapi.json": "the API's description is not modelled",
        "520-apikey-notoken-GET-docs": "the API's description is not modelled",
        "306-chat-stream-lora": "streamed completions are not modelled",
        "520-apikey-notoken-GET-is_sleeping": "a route of the development mode",
        "520-apikey-notoken-GET-server_info": "a route of the development mode",
        "537-devmode-server_info": "a route of the development mode",
        "526-apikey-notoken-tokenize": "tokens are not modelled",
        "708-load-duplicate-json-keys": "of two equal keys Foundation reads the first, Python the last",
        "430-completion-inplace-adapter-dir-deleted": "the directory was deleted between requests: tested on its own",
        "436-completion-evicted-adapter-dir-deleted": "the directory was deleted between requests: tested on its own",
        "450-unload-while-request-in-flight": "a request was in flight meanwhile",
        "451-completion-right-after-unload": "a request was in flight meanwhile",
        "452-load-alpha": "a request was in flight meanwhile",
        "453-inplace-while-in-flight": "a request was in flight meanwhile",
    ]

    static let all: [RecordedSession] = [
        RecordedSession("first steps", 0...108),
        RecordedSession("refused loads", 120...159),
        RecordedSession("fields, unloads", 160...179, [("alpha", "\(adapters)/alpha-v2")]),
        RecordedSession("paths", 180...190) { configuration in
            for path in ["rel/alpha", "./rel/alpha", "~/rel/alpha"] { configuration.files[path] = .adapter }
        },
        RecordedSession("names", 200...219, [("alpha", "\(adapters)/alpha-v2"), ("beta", "\(adapters)/beta")]),
        RecordedSession("completions", 300...308, [("beta", "\(adapters)/beta")]),
        RecordedSession("loads beyond the engine's memory", 400...400),
        RecordedSession(
            "many adapters", 401...404,
            ["alpha", "beta", "gamma", "delta", "eps"].map { ($0, "\(adapters)/\($0)") }
                + (1...40).map { ("many\($0)", "\(adapters)/alpha") }),
        RecordedSession("in place", 420...425, [("alpha", "\(adapters)/alpha")]),
        RecordedSession("after a restart", 426...439),
        RecordedSession("the other routes", 440...445),
        RecordedSession("runtime updates off", 500...506) { configuration in
            configuration.allowsRuntimeUpdates = false
            configuration.staticAdapters = [
                ("static1", "\(adapters)/alpha"), ("static2", "\(adapters)/beta"), ("static3", "\(adapters)/gamma"),
            ]
        },
        RecordedSession("LoRA off", 510...516) { $0.enablesLoRA = false },
        RecordedSession("an API key", 520...536) { $0.apiKey = "SECRET" },
        RecordedSession("a resolver", 600...609) { configuration in
            let directory = "/srv/vllm/resolver"
            configuration.resolverDirectory = directory
            configuration.files["\(directory)/alpha"] = .adapter
            configuration.files["\(directory)/bad-rank64"] = .rank(64)
            configuration.files["\(directory)/bad-other-base"] = .adapterOfOtherBase
            configuration.files["\(directory)/bad-no-weights"] = .broken("no weights")
        },
        RecordedSession("a resolver left", 611...613, [("beta", "/srv/vllm/resolver/beta")]) { configuration in
            configuration.resolverDirectory = "/srv/vllm/resolver"
            configuration.files["/srv/vllm/resolver/../models/adapters/delta"] = .adapter
            configuration.files["\(adapters)/eps"] = .adapter
        },
        RecordedSession("two served names", 700...709) { configuration in
            configuration.servedNames = ["tiny", "tiny-alias"]
            configuration.staticAdapters = [("static1", "\(adapters)/alpha")]
        },
    ]

    init(
        _ description: String, _ numbers: ClosedRange<Int>, _ loaded: [(name: String, path: String)] = [],
        _ change: @escaping @Sendable (inout ServerConfiguration) -> Void = { _ in }
    ) {
        testDescription = description
        self.numbers = numbers
        self.loaded = loaded
        self.change = change
    }

    /// A server as it was started for the recordings, with the directories that there were.
    var server: SimulatedServer {
        let server = SimulatedServer.make { configuration in
            configuration.servedNames = ["tiny"]
            configuration.baseRoot = "/srv/models/base"
            configuration.maxModelLen = 256
            for name in ["does-not-exist", "bad-no-config", "bad-empty-dir", "nope"] {
                configuration.files["\(Self.adapters)/\(name)"] = .missing
            }
            configuration.files["\(Self.adapters)/bad-rank64"] = .rank(64)
            for (name, text) in Self.broken { configuration.files["\(Self.adapters)/bad-\(name)"] = .broken(text) }
            change(&configuration)
        }
        for adapter in loaded { server.loadOutOfBand(name: adapter.name, path: adapter.path) }
        return server
    }

    private static let broken = [
        "config-empty": "Missing required configuration fields: {'r', 'target_modules', 'lora_alpha'}",
        "config-json": "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        "dora": "vLLM does not yet support DoRA.",
        "garbage-weights": "Error while deserializing header",
        "modules-to-save": "vLLM only supports modules_to_save being None.",
        "r0": "LoRA rank `r` must be a positive integer",
        "target": "expected target modules",
        "is-a-file": "[Errno 20] Not a directory: '<path>'",
        "no-weights": "<path> doesn't contain tensors",
        "shape": "The size of tensor a (64) must match the size of tensor b (96) at non-singleton dimension 1",
    ]
}
