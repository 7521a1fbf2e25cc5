import DynamicJSON

/// A LoRAAdapter as users see it.
struct Adapter: Sendable, CustomStringConvertible {
    let json: JSONValue

    var phase: String? { json["status", "phase"]?.stringValue }
    var ready: String? { json["status", "ready"]?.stringValue }
    var id: String? { json["status", "id"]?.stringValue }
    var parent: String? { json["status", "parent"]?.stringValue }
    var root: String? { json["status", "root"]?.stringValue }
    /// Id, parent and root.
    var card: [String] { [id, parent, root].map { $0 ?? "-" } }
    var resourceVersion: String? { json["metadata", "resourceVersion"]?.stringValue }
    var finalizers: [String] { json["metadata", "finalizers"]?.arrayValue?.compactMap(\.stringValue) ?? [] }
    var isTerminating: Bool { json["metadata", "deletionTimestamp"] != nil }

    /// Whether status is about the newest spec.
    var isObserved: Bool {
        let generation = json["metadata", "generation"]
        return generation != nil && json["status", "observedGeneration"] == generation
    }

    /// A condition like `False ForeignAdapter`; nil where there is none of that type.
    func condition(_ type: String) -> String? {
        let condition = json["status", "conditions"]?.arrayValue?.first { $0["type"]?.stringValue == type }
        return condition.map { "\($0["status"]?.stringValue ?? "") \($0["reason"]?.stringValue ?? "")" }
    }

    func message(_ type: String) -> String {
        let condition = json["status", "conditions"]?.arrayValue?.first { $0["type"]?.stringValue == type }
        return condition?["message"]?.stringValue ?? ""
    }

    /// A server's state and, where there is one, its reason: `Loaded`, `Failed PathNotFound`.
    func server(_ name: String) -> String? {
        let line = json["status", "servers"]?.arrayValue?.first { $0["name"]?.stringValue == name }
        return line.map { line in
            [line["state"]?.stringValue, line["reason"]?.stringValue].compactMap(\.self).joined(separator: " ")
        }
    }

    var serverNames: [String] {
        json["status", "servers"]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? []
    }

    /// The claims as `name=path`, sorted.
    var claims: [String] {
        (json["status", "claims"]?.arrayValue ?? []).map {
            "\($0["name"]?.stringValue ?? "")=\($0["path"]?.stringValue ?? "")"
        }.sorted()
    }

    var description: String {
        var object = json
        object["metadata", "managedFields"] = nil
        return object.text
    }

    /// The manifest of an adapter for the Service `vllm`, with `spec` on top.
    static func manifest(_ name: String, path: String, spec: JSONValue = [:]) -> JSONValue {
        var fields: [String: JSONValue] = ["loraPath": .string(path), "target": ["service": ["name": "vllm"]]]
        fields.merge(spec.objectValue ?? [:]) { _, new in new }
        return [
            "apiVersion": "lora-operator.dev/v1alpha1", "kind": "LoRAAdapter", "metadata": ["name": .string(name)],
            "spec": .object(fields),
        ]
    }
}
