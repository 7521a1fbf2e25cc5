import DynamicJSON

/// A structural OpenAPI v3 schema, as far as CustomResourceDefinitions may use it here.
///
/// A keyword or a CEL rule that is not known here stops the start, so that nothing is silently left unchecked.
final class Schema: Sendable {
    enum Kind: String, Sendable { case object, array, string, integer, number, boolean }
    enum ListType: String, Sendable { case atomic, set, map }

    /// nil: any value (`x-kubernetes-int-or-string`, `x-kubernetes-preserve-unknown-fields`).
    let kind: Kind?
    let isIntOrString: Bool
    let properties: [String: Schema]
    let additionalProperties: Schema?
    let items: Schema?
    let required: [String]
    let preservesUnknownFields: Bool
    let isNullable: Bool
    let defaultValue: JSONValue?
    let enumeration: [JSONValue]?
    let limits: Limits
    let format: String?
    let pattern: Pattern?
    let listType: ListType
    let listMapKeys: [String]
    let isAtomicMap: Bool
    /// Key of a strategic merge patch's list, as `name` of containers; else the list is replaced.
    let patchMergeKey: String?
    let rules: [ValidationRule]
    /// Whether rules stand here or anywhere below.
    let hasRules: Bool
    /// Whether any of them compares with the value before, so that it is not enough that a value did not change.
    let hasTransitionRules: Bool
    /// Members that are filled in where they are absent.
    let defaults: [(name: String, value: JSONValue)]
    /// Members that may hold others.
    let branches: [(name: String, schema: Schema)]
    /// Whether values of it hold others that it knows of.
    let isBranch: Bool
    let description: String
    /// The schema as written, for `/openapi/v3`.
    let source: JSONValue

    struct Limits: Sendable {
        var minimum: Double?, maximum: Double?
        var excludesMinimum = false, excludesMaximum = false
        var minLength: Int64?, maxLength: Int64?, minItems: Int64?, maxItems: Int64?
        var minProperties: Int64?, maxProperties: Int64?
    }

    private static let keywords: Set<String> = [
        "type", "properties", "additionalProperties", "items", "required", "nullable", "default", "enum", "minimum",
        "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems",
        "minProperties", "maxProperties", "format", "pattern", "description", "title", "example", "anyOf",
        "x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-list-type",
        "x-kubernetes-list-map-keys", "x-kubernetes-map-type", "x-kubernetes-validations",
        "x-kubernetes-embedded-resource", "x-kubernetes-patch-merge-key", "x-kubernetes-patch-strategy",
        "x-kubernetes-group-version-kind",
    ]

    init(_ source: JSONValue, at path: String) throws {
        guard let members = source.objectValue else { throw Self.refusal(path, "is no object") }
        for keyword in members.keys.sorted() where !Self.keywords.contains(keyword) {
            throw Self.refusal(path, "uses `\(keyword)`, which is not supported")
        }
        if let type = source["type"] {
            guard let name = type.stringValue, let kind = Kind(rawValue: name) else {
                throw Self.refusal(path, "has unknown type \(type.text)")
            }
            self.kind = kind
        } else {
            kind = nil
        }
        isIntOrString = source["x-kubernetes-int-or-string"]?.boolValue ?? false
        if source["anyOf"] != nil, !isIntOrString { throw Self.refusal(path, "uses `anyOf`, which is not supported") }
        var properties: [String: Schema] = [:]
        for (name, property) in source["properties"]?.objectValue ?? [:] {
            properties[name] = try Schema(property, at: path.isEmpty ? name : "\(path).\(name)")
        }
        self.properties = properties
        let additional = source["additionalProperties"]
        additionalProperties = try additional?.objectValue.map { try Schema(.object($0), at: "\(path)[*]") }
        items = try source["items"].map { try Schema($0, at: "\(path)[]") }
        required = source["required"]?.arrayValue?.compactMap(\.stringValue) ?? []
        preservesUnknownFields =
            source["x-kubernetes-preserve-unknown-fields"]?.boolValue ?? (additional?.boolValue ?? false)
        isNullable = source["nullable"]?.boolValue ?? false
        defaultValue = source["default"]
        enumeration = source["enum"]?.arrayValue
        limits = Limits(
            minimum: source["minimum"]?.doubleValue, maximum: source["maximum"]?.doubleValue,
            excludesMinimum: source["exclusiveMinimum"]?.boolValue ?? false,
            excludesMaximum: source["exclusiveMaximum"]?.boolValue ?? false,
            minLength: source["minLength"]?.intValue, maxLength: source["maxLength"]?.intValue,
            minItems: source["minItems"]?.intValue, maxItems: source["maxItems"]?.intValue,
            minProperties: source["minProperties"]?.intValue, maxProperties: source["maxProperties"]?.intValue)
        format = source["format"]?.stringValue
        pattern = try source["pattern"]?.stringValue.map { pattern in
            guard let compiled = Pattern(pattern) else { throw Self.refusal(path, "has a pattern that is no regex") }
            return compiled
        }
        listMapKeys = source["x-kubernetes-list-map-keys"]?.arrayValue?.compactMap(\.stringValue) ?? []
        listType = source["x-kubernetes-list-type"]?.stringValue.flatMap(ListType.init) ?? .atomic
        if listType == .map, listMapKeys.isEmpty { throw Self.refusal(path, "is a list map without keys") }
        isAtomicMap = source["x-kubernetes-map-type"]?.stringValue == "atomic"
        patchMergeKey = source["x-kubernetes-patch-merge-key"]?.stringValue
        rules = try (source["x-kubernetes-validations"]?.arrayValue ?? []).map { try ValidationRule($0, at: path) }
        let below = properties.values + [items, additionalProperties].compactMap { $0 }
        hasRules = !rules.isEmpty || below.contains(where: \.hasRules)
        hasTransitionRules = rules.contains(where: \.isTransition) || below.contains(where: \.hasTransitionRules)
        defaults = properties.sorted { $0.key < $1.key }.compactMap { name, property in
            property.defaultValue.map { (name, $0) }
        }
        branches = properties.sorted { $0.key < $1.key }.filter { $0.value.isBranch }.map { ($0.key, $0.value) }
        isBranch = !properties.isEmpty || items != nil || additionalProperties != nil
        description = source["description"]?.stringValue ?? ""
        self.source = source
    }

    private static func refusal(_ path: String, _ problem: String) -> StatusError {
        StatusError(422, "Invalid", "schema of \(path.isEmpty ? "the object" : path) \(problem)")
    }

    /// The schema of a member; nil where the member is unknown or free.
    func member(_ name: String) -> Schema? { properties[name] ?? additionalProperties }
}
