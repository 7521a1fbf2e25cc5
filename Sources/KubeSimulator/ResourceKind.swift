import DynamicJSON

/// A kind of object that is served, with its schema and printer columns.
final class ResourceKind: Sendable {
    struct Column: Sendable {
        var name: String
        var type: String
        var description: String
        var priority: Int64
        /// nil: computed by ``BuiltInColumns``.
        var path: JSONPath?
    }

    let group: String
    let version: String
    let plural: String
    let singular: String
    let kind: String
    let listKind: String
    let shortNames: [String]
    let categories: [String]
    let isNamespaced: Bool
    let hasStatus: Bool
    let isCustom: Bool
    let schema: Schema
    let columns: [Column]

    var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
    /// `loraadapters.lora-operator.dev`; the plural alone in the core group.
    var qualifiedPlural: String { group.isEmpty ? plural : "\(plural).\(group)" }
    /// `LoRAAdapter.lora-operator.dev`, except that validation calls an Event just so (fixture 101).
    var qualifiedKind: String { group.isEmpty || plural == "events" ? kind : "\(kind).\(group)" }
    /// Where the objects are kept: both groups of events show the same objects.
    var storage: String { plural == "events" ? plural : qualifiedPlural }
    /// The core group's form of events, which differs from the form that is stored.
    var isCoreEvent: Bool { plural == "events" && group.isEmpty }
    var isReadOnly: Bool { plural == "customresourcedefinitions" }
    var tracksGeneration: Bool { isCustom || plural == "pods" || plural == "endpointslices" || isReadOnly }
    /// In the order in which the real server tells them (fixtures 004, 007).
    var verbs: [String] {
        if isReadOnly { return ["get", "list", "watch"] }
        return isCustom
            ? ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
            : ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
    }

    /// Reads one version of a CustomResourceDefinition's `spec`.
    init(spec: JSONValue, version: JSONValue, isCustom: Bool) throws {
        func text(_ value: JSONValue?) -> String { value?.stringValue ?? "" }
        let names = spec["names"]
        group = text(spec["group"])
        self.version = text(version["name"])
        plural = text(names?["plural"])
        kind = text(names?["kind"])
        singular = names?["singular"]?.stringValue ?? kind.lowercased()
        listKind = names?["listKind"]?.stringValue ?? kind + "List"
        shortNames = names?["shortNames"]?.arrayValue?.compactMap(\.stringValue) ?? []
        categories = names?["categories"]?.arrayValue?.compactMap(\.stringValue) ?? []
        isNamespaced = text(spec["scope"]) != "Cluster"
        hasStatus = version["subresources", "status"] != nil
        self.isCustom = isCustom
        let label = "\(kind) \(self.version)"
        guard !plural.isEmpty, !kind.isEmpty, !self.version.isEmpty, let source = version["schema", "openAPIV3Schema"]
        else {
            throw StatusError(422, "Invalid", "CustomResourceDefinition \(label) lacks names, a version or a schema")
        }
        do {
            schema = try Schema(Self.completed(source), at: "")
        } catch let error as StatusError {
            throw StatusError(error.code, error.reason, "\(label): \(error.message)")
        }
        var declared = version["additionalPrinterColumns"]?.arrayValue ?? []
        if declared.isEmpty {
            declared = [["name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"]]
        }
        var columns = [
            Column(
                name: "Name", type: "string", description: Self.nameDescription, priority: 0,
                path: try JSONPath(".metadata.name"))
        ]
        for column in declared {
            let path = column["jsonPath"]?.stringValue
            let fallback = path.map { "Custom resource definition column (in JSONPath format): \($0)" } ?? ""
            columns.append(
                Column(
                    name: text(column["name"]), type: text(column["type"]),
                    description: column["description"]?.stringValue ?? fallback,
                    priority: column["priority"]?.intValue ?? 0,
                    path: try path.map { try JSONPath($0) }))
        }
        if plural == "events" { columns.removeFirst() }
        self.columns = columns
    }

    /// The schema with the members that every object has.
    private static func completed(_ source: JSONValue) -> JSONValue {
        var result = source
        var metadata = ObjectMeta.schema
        for (name, rule) in source["properties", "metadata", "properties"]?.objectValue ?? [:] {
            metadata["properties", name] = rule
        }
        if let rules = source["properties", "metadata", "x-kubernetes-validations"] {
            metadata["x-kubernetes-validations"] = rules
        }
        result["properties", "metadata"] = metadata
        for name in ["apiVersion", "kind"] where source["properties", name] == nil {
            result["properties", name] = ["type": "string"]
        }
        return result
    }

    private static let nameDescription =
        "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names"
}
