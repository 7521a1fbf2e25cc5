/// What a server lists at `/v1/models`.
package struct ModelList: Hashable, Sendable {
    /// Entries without a parent, in the server's order; never empty in a list that was read from a server.
    package var baseModels: [ModelCard]
    /// Entries with a parent, in the server's order, each id once.
    ///
    /// vLLM before 0.10 may list an adapter twice after two racing loads; it serves the first.
    package var adapters: [ModelCard]

    package init(baseModels: [ModelCard], adapters: [ModelCard]) {
        self.baseModels = baseModels
        self.adapters = adapters
    }
}

/// One entry of `/v1/models`, without what changes at each request (`created`, `permission`).
package struct ModelCard: Hashable, Sendable {
    /// What requests name as `model`; the `lora_name` of an adapter.
    package var id: String
    /// A base model's path or repository; an adapter's `lora_path` exactly as it was sent.
    package var root: String?
    /// The base model of an adapter; nil for base models.
    package var parent: String?
    /// Tokens; vLLM says it for base models only.
    package var maxModelLen: Int?

    package init(id: String, root: String? = nil, parent: String? = nil, maxModelLen: Int? = nil) {
        self.id = id
        self.root = root
        self.parent = parent
        self.maxModelLen = maxModelLen
    }
}

extension ModelList: Decodable {
    private enum CodingKeys: String, CodingKey { case data }

    package init(from decoder: any Decoder) throws {
        let cards = try decoder.container(keyedBy: CodingKeys.self).decode([ModelCard].self, forKey: .data)
        var seen: Set<String> = []
        baseModels = cards.filter { $0.parent == nil }
        adapters = cards.filter { $0.parent != nil && seen.insert($0.id).inserted }
    }
}

extension ModelCard: Decodable {
    private enum CodingKeys: String, CodingKey {
        case id, root, parent
        case maxModelLen = "max_model_len"
    }

    package init(from decoder: any Decoder) throws {
        let card = try decoder.container(keyedBy: CodingKeys.self)
        id = try card.decode(String.self, forKey: .id)
        // What a decision rests on has its type or the list is not believed; the rest is only shown.
        root = try card.decodeIfPresent(String.self, forKey: .root)
        parent = try card.decodeIfPresent(String.self, forKey: .parent)
        maxModelLen = try? card.decodeIfPresent(Int.self, forKey: .maxModelLen)
    }
}
