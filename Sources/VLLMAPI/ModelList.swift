import DynamicJSON

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

extension ModelList {
    /// Reads the body of an answer; nil where it is cut off, is not UTF-8, or has another shape.
    ///
    /// Servers list thousands of entries, each with much that says nothing: that is checked, and never built.
    package init?(parsing body: [UInt8]) {
        guard String(validating: body, as: UTF8.self) != nil,
            let cards = try? JSONParser.read(body, ModelCard.data)
        else { return nil }
        self.init(baseModels: [], adapters: [])
        var seen: Set<String> = []
        for card in cards {
            guard let card else { return nil }
            if card.parent == nil {
                baseModels.append(card)
            } else if seen.insert(card.id).inserted {
                adapters.append(card)
            }
        }
    }
}

extension ModelCard {
    /// The entries under `data`; nil for one without an id, and in place of `data` that is not there.
    fileprivate static func data(_ parser: inout JSONParser) throws(JSONParser.Failure) -> [ModelCard?] {
        var cards: [ModelCard?] = [nil]
        try parser.members { parser, name throws(JSONParser.Failure) in
            guard name == "data" else { return try parser.skip() }
            cards = []
            try parser.elements { parser throws(JSONParser.Failure) in cards.append(try entry(&parser)) }
        }
        return cards
    }

    /// What a decision rests on has its type, or the list is not believed; the rest is only shown.
    private static func entry(_ parser: inout JSONParser) throws(JSONParser.Failure) -> ModelCard? {
        var id: String?
        var card = ModelCard(id: "")
        try parser.members { parser, name throws(JSONParser.Failure) in
            switch name {
            case "id": id = try parser.text()
            case "root": card.root = try parser.text()
            case "parent": card.parent = try parser.text()
            case "max_model_len": card.maxModelLen = try parser.value().intValue.flatMap { Int(exactly: $0) }
            default: try parser.skip()
            }
        }
        guard let id else { return nil }
        card.id = id
        return card
    }
}
