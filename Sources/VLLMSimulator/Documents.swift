import Effects

/// The longer texts that a server answers with.
extension ServerState {
    /// `/v1/models`, with `created` and the permissions' ids new each time, as vLLM has it.
    func models(at time: Double, _ random: any RandomSource) -> String {
        let parent = configuration.servedNames.first ?? ""
        let created = "\(Int(time))"
        let bases = configuration.servedNames.map { name in
            Self.card(name, configuration.baseRoot, nil, configuration.maxModelLen, created, random)
        }
        let adapters = registry.entries.map { Self.card($0.name, $0.path, parent, nil, created, random) }
        return "{\"object\":\"list\",\"data\":[\((bases + adapters).joined(separator: ","))]}"
    }

    private static func card(
        _ id: String, _ root: String, _ parent: String?, _ length: Int?, _ created: String, _ random: any RandomSource
    ) -> String {
        let permission =
            "{\"id\":\"modelperm-\(random.hexadecimal)\",\"object\":\"model_permission\",\"created\":\(created),"
            + "\"allow_create_engine\":false,\"allow_sampling\":true,\"allow_logprobs\":true,"
            + "\"allow_search_indices\":false,\"allow_view\":true,\"allow_fine_tuning\":false,\"organization\":\"*\","
            + "\"group\":null,\"is_blocking\":false}"
        return "{\"id\":\(id.json),\"object\":\"model\",\"created\":\(created),\"owned_by\":\"vllm\","
            + "\"root\":\(root.json),\"parent\":\(parent?.json ?? "null"),"
            + "\"max_model_len\":\(length.map { "\($0)" } ?? "null"),\"permission\":[\(permission)]}"
    }

    /// A completion's answer, reduced to what a client of this simulator looks at.
    static func completion(_ model: String, chat: Bool, at time: Double, _ random: any RandomSource) -> String {
        let choice =
            chat
            ? "{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"ok\"},\"finish_reason\":\"length\"}"
            : "{\"index\":0,\"text\":\"ok\",\"logprobs\":null,\"finish_reason\":\"length\"}"
        return "{\"id\":\"\(chat ? "chatcmpl" : "cmpl")-\(random.hexadecimal)\","
            + "\"object\":\"\(chat ? "chat.completion" : "text_completion")\",\"created\":\(Int(time)),"
            + "\"model\":\(model.json),\"choices\":[\(choice)],"
            + "\"usage\":{\"prompt_tokens\":1,\"total_tokens\":2,\"completion_tokens\":1}}"
    }

    /// `/metrics`, in so far as somebody reads it.
    var metrics: String {
        var lines = [
            "# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.",
            "# TYPE process_start_time_seconds gauge", "process_start_time_seconds \(processStart)",
        ]
        if configuration.enablesLoRA {
            lines += [
                "# HELP vllm:lora_requests_info Running stats on lora requests.",
                "# TYPE vllm:lora_requests_info gauge",
            ]
            lines += usedAdapters.map { used in
                "vllm:lora_requests_info{max_lora=\"\(configuration.maxLoras)\","
                    + "running_lora_adapters=\(used.name.json),waiting_lora_adapters=\(used.name.json)} \(used.time)"
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension RandomSource {
    /// Sixteen digits.
    fileprivate var hexadecimal: String {
        let digits = String(next(), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
