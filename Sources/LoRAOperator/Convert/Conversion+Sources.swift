import DynamicJSON
import KubeSimulator

/// One function for each project, field by field.
extension Conversion {
    /// `LoraAdapter` of vLLM's production-stack.
    mutating func addProductionStack(_ document: JSONValue, _ name: String) {
        let object = "LoraAdapter \(name)"
        let spec = document["spec"] ?? [:]
        let source = spec["adapterSource"] ?? [:]
        let kind = source["type"]?.stringValue ?? "local"
        let place =
            (kind == "huggingface" ? source["repository"]?.stringValue : nil) ?? source["adapterPath"]?.stringValue
        if kind == "s3" || kind == "http" {
            return note(
                object,
                "not converted: its source is \(kind); put the files on a volume and write their path into spec.loraPath"
            )
        }
        guard let path = path(place ?? "", of: object) else { return }
        var draft = Draft(
            name: name, namespace: document["metadata", "namespace"]?.stringValue,
            loraName: source["adapterName"]?.stringValue ?? name, path: path)
        let deployment = spec["loraAdapterDeploymentConfig"] ?? [:]
        if let replicas = deployment["replicas"]?.intValue, replicas > 0 {
            draft.fields["placement"] = ["replicas": .int(replicas)]
        }
        if let algorithm = deployment["algorithm"]?.stringValue, algorithm != "default" {
            note(
                object, "algorithm \(algorithm) is not carried over: adapters stay where they are, and spread otherwise"
            )
        }
        if let secret = spec["vllmApiKey", "secretName"], let key = spec["vllmApiKey", "secretKey"] {
            draft.apiKey = ["name": secret, "key": key]
        }
        if let base = spec["baseModel"]?.stringValue {
            note(
                object,
                "baseModel \(base) chose pods by their label: let the Service select them; spec.baseModelName is the id they serve"
            )
        }
        for field in ["credentialsSecretRef", "pattern", "maxAdapters"] where source[field] != nil {
            note(object, "adapterSource.\(field) is not carried over")
        }
        add(draft, from: object)
    }

    /// `ModelAdapter` of AIBrix, whose name is the adapter's.
    mutating func addAIBrix(_ document: JSONValue, _ name: String) {
        let object = "ModelAdapter \(name)"
        let spec = document["spec"] ?? [:]
        guard let path = path(spec["artifactURL"]?.stringValue ?? "", of: object) else { return }
        var draft = Draft(
            name: name, namespace: document["metadata", "namespace"]?.stringValue, loraName: name, path: path)
        if let replicas = spec["replicas"]?.intValue, replicas > 0 {
            draft.fields["placement"] = ["replicas": .int(replicas)]
        }
        if spec["podSelector"] != nil {
            note(object, "podSelector is not carried over: let the Service select these pods")
        }
        if let base = spec["baseModel"]?.stringValue {
            note(object, "baseModel \(base) is a label there; spec.baseModelName is the id that the servers serve")
        }
        for (field, _) in (spec["additionalConfig"]?.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) {
            note(
                object,
                field == "api-key"
                    ? "additionalConfig holds an API key in clear: put it into a Secret for spec.target.apiKeySecretRef, and change it"
                    : "additionalConfig.\(field) is not carried over")
        }
        if spec["credentialsSecretRef"] != nil {
            note(object, "credentialsSecretRef is not carried over: nothing is downloaded")
        }
        add(draft, from: object)
    }

    /// A ConfigMap of lora-syncer (dynamic-lora-sidecar), with its configuration under some key.
    mutating func addSyncer(_ document: JSONValue, _ name: String) {
        let object = "ConfigMap \(name)"
        var isOne = false
        for (key, text) in (document["data"]?.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let text = text.stringValue, text.contains("vLLMLoRAConfig") else { continue }
            isOne = true
            guard let config = try? JSONValue.documents(yaml: text).first else {
                note(object, "not converted: \(key) cannot be read")
                continue
            }
            addSyncer(config: config, of: object, namespace: document["metadata", "namespace"]?.stringValue)
        }
        if !isOne { note(object, "not converted: it holds no vLLMLoRAConfig") }
    }

    mutating func addSyncer(config: JSONValue, of object: String, namespace: String?) {
        let config = config["vLLMLoRAConfig"] ?? [:]
        for model in config["ensureExist", "models"]?.arrayValue ?? [] {
            let id = model["id"]?.stringValue ?? ""
            guard let path = path(model["source"]?.stringValue ?? "", of: "\(object), \(id)") else { continue }
            var draft = Draft(name: id, namespace: namespace, loraName: id, path: path)
            if let base = (model["base-model"] ?? config["defaultBaseModel"])?.stringValue {
                draft.fields["baseModelName"] = .string(base)
                note(
                    "\(object), \(id)", "baseModelName \(base) is checked here: it must be an id that the servers list")
            }
            add(draft, from: "\(object), \(id)")
        }
        for model in config["ensureNotExist", "models"]?.arrayValue ?? [] {
            note(
                "\(object), \(model["id"]?.stringValue ?? "")",
                "ensureNotExist is not carried over: an adapter goes when its LoRAAdapter is deleted")
        }
        if let port = config["port"] {
            note(object, "port \(port.text) is not carried over: the Service's port counts")
        }
    }

    /// The output of `formae eval` as JSON or YAML, in whatever shape, and single resources of it.
    mutating func addFormae(_ value: JSONValue) {
        switch value {
        case .array(let values): for value in values { addFormae(value) }
        case .object(let members):
            let type = value["Type"] ?? value["type"]
            guard type == "VLLM::Inference::LoRAAdapter" else {
                return members.sorted { $0.key < $1.key }.forEach { addFormae($1) }
            }
            let properties = value["Properties"] ?? value["properties"] ?? value
            addForma(properties, label: (value["Label"] ?? value["label"])?.stringValue)
            if let target = (value["Target"] ?? value["target"])?.stringValue {
                note(
                    "LoRAAdapter \(properties["loraName"]?.stringValue ?? "")",
                    "target \(target) is one server; here every server behind the Service gets the adapter")
            }
        default: break
        }
    }

    /// The properties of one `LoRAAdapter` of a forma.
    mutating func addForma(_ properties: JSONValue, label: String?) {
        let name = properties["loraName"]?.stringValue ?? label ?? ""
        let object = "LoRAAdapter \(name)"
        guard let path = path(properties["loraPath"]?.stringValue ?? "", of: object) else { return }
        var draft = Draft(name: name, namespace: nil, loraName: name, path: path)
        if let base = properties["baseModelName"], base.stringValue != nil {
            draft.fields["baseModelName"] = base
            note(object, "baseModelName is checked here: it must be an id that the servers list")
        }
        if properties["is3dLoraWeight"] == true { draft.fields["is3dLoraWeight"] = true }
        add(draft, from: object)
    }
}
