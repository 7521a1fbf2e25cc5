package import DynamicJSON

/// Other projects' resources as LoRAAdapters: the mechanical part, and in words what has no counterpart.
package struct Conversion {
    /// Manifests in the order of their sources.
    package private(set) var adapters: [JSONValue] = []
    /// What a person has to look at, each line naming the object.
    package private(set) var notes: [String] = []

    /// The Service that stands in front of the servers; none of the sources names one.
    private let service: String
    private var names: Set<String> = []

    package init(service: String) { self.service = service }

    /// Takes one document of a file, whatever it is.
    package mutating func add(_ document: JSONValue) {
        let name = document["metadata", "name"]?.stringValue ?? ""
        let group = document["apiVersion"]?.stringValue?.prefix { $0 != "/" }
        switch (group, document["kind"]?.stringValue) {
        case ("production-stack.vllm.ai", "LoraAdapter"): addProductionStack(document, name)
        case ("model.aibrix.ai", "ModelAdapter"): addAIBrix(document, name)
        case ("v1", "ConfigMap"): addSyncer(document, name)
        case (_, "List"): for item in document["items"]?.arrayValue ?? [] { add(item) }
        case (_, let kind?): note("\(kind) \(name)", "not converted: no resource that holds adapters is of this kind")
        case (_, nil):
            if document["vLLMLoRAConfig"] != nil {
                addSyncer(config: document, of: "vLLMLoRAConfig", namespace: nil)
            } else {
                addFormae(document)
            }
        }
    }

    // MARK: Building

    /// What the sources have in common.
    struct Draft {
        var name: String
        var namespace: String?
        var loraName: String
        var path: String
        var fields: [String: JSONValue] = [:]
        var apiKey: JSONValue?
    }

    mutating func note(_ object: String, _ text: String) { notes.append("\(object): \(text)") }

    mutating func add(_ draft: Draft, from object: String) {
        let name = Self.objectName(draft.name)
        guard !name.isEmpty else {
            return note(object, "not converted: its name leaves nothing that may name an object")
        }
        guard names.insert("\(draft.namespace ?? "")/\(name)").inserted else {
            return note(object, "not converted: another one became \(name) already")
        }
        var metadata: [String: JSONValue] = ["name": .string(name)]
        if let namespace = draft.namespace { metadata["namespace"] = .string(namespace) }
        var target: [String: JSONValue] = ["service": ["name": .string(service)]]
        target["apiKeySecretRef"] = draft.apiKey
        var spec = draft.fields
        if draft.loraName != name { spec["loraName"] = .string(draft.loraName) }
        spec["loraPath"] = .string(draft.path)
        spec["target"] = .object(target)
        adapters.append([
            "apiVersion": "lora-operator.dev/v1alpha1", "kind": "LoRAAdapter", "metadata": .object(metadata),
            "spec": .object(spec),
        ])
    }

    /// A path or hub id that vLLM can load by itself; nil, with a note, for everything that has to be downloaded.
    mutating func path(_ source: String, of object: String) -> String? {
        var rest = Substring(source)
        if rest.hasPrefix("file://") { rest = rest.dropFirst("file://".count) }
        if rest.hasPrefix("/") { return String(rest) }
        for scheme in ["huggingface://", "hf://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard !rest.contains(":"), parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            note(
                object,
                "not converted: \(source.isEmpty ? "it names no source" : "'\(source)' is nothing that vLLM loads by itself")"
                    + "; put the files on a volume and write their path into spec.loraPath")
            return nil
        }
        note(object, "\(rest) is a Hugging Face id: start the operator with --allow-hub-ids")
        return String(rest)
    }

    /// The name as an object may have it; the adapter keeps its own.
    static func objectName(_ name: String) -> String {
        let mapped = name.lowercased().unicodeScalars.map { scalar -> Character in
            switch scalar {
            case "a"..."z", "0"..."9", "-": Character(scalar)
            default: "-"
            }
        }
        let trimmed = mapped.prefix(63).drop { $0 == "-" }
        return String(String(trimmed).reversed().drop { $0 == "-" }.reversed())
    }
}
