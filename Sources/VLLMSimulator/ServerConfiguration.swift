/// How a simulated server was started, and what its disk holds.
package struct ServerConfiguration: Sendable {
    package var version = VLLMVersion.newest
    /// The names of the base model; the first is every adapter's parent.
    package var servedNames = ["base"]
    package var baseRoot = "/models/base"
    package var maxModelLen = 4096
    /// `--api-key`.
    package var apiKey: String?
    /// `VLLM_ALLOW_RUNTIME_LORA_UPDATING`.
    package var allowsRuntimeUpdates = true
    /// `--enable-lora`.
    package var enablesLoRA = true
    /// Ranks above it are refused.
    package var maxRank = 16
    /// Adapters that the engine keeps in memory; the others are read from disk again when a request names them.
    package var maxLoras = 2
    /// `--lora-modules`: loaded at each start, as name and path, in order.
    package var staticAdapters: [(name: String, path: String)] = []
    /// What is at a path; any other absolute path holds an adapter that loads, while no other relative path does.
    package var files: [String: AdapterFiles] = [:]
    /// `VLLM_LORA_RESOLVER_CACHE_DIR`, where a request for a name that ``files`` has there loads it.
    package var resolverDirectory: String?
    /// `--api-server-count`: processes that answer in turn, each with adapters of its own.
    ///
    /// vLLM before 0.11.1 let it be combined with runtime updates.
    package var processes = 1
    /// How long a load takes.
    package var loadDuration: Duration = .zero

    package init() {}
}

/// What a directory holds, as far as vLLM cares.
package enum AdapterFiles: Hashable, Sendable {
    case adapter
    /// Nothing, or no `adapter_config.json`.
    case missing
    case rank(Int)
    /// Refused with this text: weights that are no weights, unknown modules, a configuration that is no JSON.
    case broken(String)
    /// Made for another base model, which only the resolver looks at.
    case adapterOfOtherBase
}
