import Effects

/// How many adapters a server was started for, as far as it tells.
package struct LoRALimits: Hashable, Sendable {
    /// `--max-loras`: adapters that the requests of one step may name.
    package var maxLoRAs: Int?
    /// `--max-cpu-loras`: adapters that stay in memory; vLLM reads the others from disk again when a request names them.
    package var maxCPULoRAs: Int?
    /// `--max-lora-rank`: a larger one is refused.
    package var maxRank: Int?

    package init(maxLoRAs: Int? = nil, maxCPULoRAs: Int? = nil, maxRank: Int? = nil) {
        self.maxLoRAs = maxLoRAs
        self.maxCPULoRAs = maxCPULoRAs
        self.maxRank = maxRank
    }
}

extension VLLMClient {
    /// What the server tells of its limits; all are nil where it tells nothing.
    ///
    /// `/server_info` has them where the development mode serves it, and else one is a label of a metric that appears with
    /// the first request.
    package func loraLimits() async throws -> LoRALimits {
        do {
            let info = try await read("/server_info?config_format=json") { JSONText($0).decode(ServerInfo.self) }
            let configuration = info.vllm_config?.lora_config
            return LoRALimits(
                maxLoRAs: configuration?.max_loras, maxCPULoRAs: configuration?.max_cpu_loras,
                maxRank: configuration?.max_lora_rank)
        } catch let error as VLLMError where error.reason == .notVLLM {
            // No such route: the mode is off, as it should be.
        }
        let start = "vllm:lora_requests_info{max_lora=\""
        let text = String(decoding: try await read("/metrics", .read).body, as: UTF8.self)
        for line in text.split(separator: "\n") where line.hasPrefix(start) {
            return LoRALimits(maxLoRAs: Int(line.dropFirst(start.count).prefix { $0 != "\"" }))
        }
        return LoRALimits()
    }
}

/// The part of the configuration that is looked at.
private struct ServerInfo: Decodable {
    struct Configuration: Decodable {
        struct LoRA: Decodable {
            var max_loras: Int?
            var max_cpu_loras: Int?
            var max_lora_rank: Int?
        }

        var lora_config: LoRA?
    }

    var vllm_config: Configuration?
}
