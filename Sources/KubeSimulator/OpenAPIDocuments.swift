import DynamicJSON

/// Discovery and OpenAPI documents: fixed by the kinds, so made and encoded once.
struct OpenAPIDocuments: Sendable {
    struct Group: Sendable {
        var name: String
        var versions: [String]
    }

    let kinds: [ResourceKind]
    private(set) var groups: [Group] = []
    private(set) var index: [UInt8] = []
    /// By path below `/openapi/v3`, like `apis/lora-operator.dev/v1alpha1`.
    private(set) var documents: [String: [UInt8]] = [:]
    private(set) var aggregatedCore: [UInt8] = []
    private(set) var aggregatedGroups: [UInt8] = []

    init(_ kinds: [ResourceKind]) {
        self.kinds = kinds
        for kind in kinds {
            let position = groups.firstIndex { $0.name == kind.group }
            if let position, !groups[position].versions.contains(kind.version) {
                groups[position].versions.append(kind.version)
            }
            if position == nil { groups.append(Group(name: kind.group, versions: [kind.version])) }
        }
        groups.append(Group(name: "authorization.k8s.io", versions: ["v1"]))
        groups.sort { $0.name < $1.name }
        var paths: [String: JSONValue] = [:]
        for group in groups {
            for version in group.versions {
                let path = group.name.isEmpty ? "api/\(version)" : "apis/\(group.name)/\(version)"
                let document = OpenAPIDocument.make(kinds.filter { $0.group == group.name && $0.version == version })
                    .encoded
                documents[path] = document
                paths[path] = ["serverRelativeURL": .string("/openapi/v3/\(path)?hash=\(Self.hash(document))")]
            }
        }
        index = JSONValue.object(["paths": .object(paths)]).encoded
        aggregatedCore = aggregate(groups.filter { $0.name.isEmpty })
        aggregatedGroups = aggregate(groups.filter { !$0.name.isEmpty })
    }

    /// FNV-1a: clients keep documents by it.
    private static func hash(_ bytes: [UInt8]) -> String {
        hexadecimal(bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }, width: 16)
            .uppercased()
    }

    // MARK: Discovery

    func description(of group: Group) -> JSONValue {
        let versions = group.versions.map { version -> JSONValue in
            ["groupVersion": .string("\(group.name)/\(version)"), "version": .string(version)]
        }
        return ["name": .string(group.name), "versions": .array(versions), "preferredVersion": versions.first ?? [:]]
    }

    /// `APIResourceList` of one group version.
    func resources(group: String, version: String) -> JSONValue {
        var resources: [JSONValue] = []
        for kind in kinds where kind.group == group && kind.version == version {
            var resource: JSONValue = [
                "name": .string(kind.plural), "singularName": .string(kind.singular),
                "namespaced": .bool(kind.isNamespaced),
                "kind": .string(kind.kind), "verbs": .array(kind.verbs.map(JSONValue.string)),
            ]
            if !kind.shortNames.isEmpty { resource["shortNames"] = .array(kind.shortNames.map(JSONValue.string)) }
            if !kind.categories.isEmpty { resource["categories"] = .array(kind.categories.map(JSONValue.string)) }
            resources.append(resource)
            if kind.hasStatus {
                resources.append([
                    "name": .string("\(kind.plural)/status"), "singularName": "",
                    "namespaced": .bool(kind.isNamespaced),
                    "kind": .string(kind.kind), "verbs": ["get", "patch", "update"],
                ])
            }
        }
        if group == "authorization.k8s.io" {
            resources.append([
                "name": "selfsubjectaccessreviews", "singularName": "selfsubjectaccessreview", "namespaced": false,
                "kind": "SelfSubjectAccessReview", "verbs": ["create"],
            ])
        }
        return [
            "kind": "APIResourceList", "apiVersion": "v1",
            "groupVersion": .string(group.isEmpty ? version : "\(group)/\(version)"), "resources": .array(resources),
        ]
    }

    private func aggregate(_ groups: [Group]) -> [UInt8] {
        let items = groups.map { group -> JSONValue in
            let versions = group.versions.map { version -> JSONValue in
                [
                    "version": .string(version), "resources": .array(aggregatedResources(group.name, version)),
                    "freshness": "Current",
                ]
            }
            return ["metadata": group.name.isEmpty ? [:] : ["name": .string(group.name)], "versions": .array(versions)]
        }
        let list: JSONValue = [
            "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": [:],
            "items": .array(items),
        ]
        return list.encoded + [0x0A]
    }

    private func aggregatedResources(_ group: String, _ version: String) -> [JSONValue] {
        let list = resources(group: group, version: version)["resources"]?.arrayValue ?? []
        var result: [JSONValue] = []
        for resource in list {
            // The real server leaves group and version of its own kinds empty here.
            let isCustom = kinds.contains { $0.isCustom && $0.group == group }
            let responseKind: JSONValue = [
                "group": .string(isCustom ? group : ""), "version": .string(isCustom ? version : ""),
                "kind": resource["kind"] ?? "",
            ]
            let name = resource["name"]?.stringValue ?? ""
            if name.hasSuffix("/status"), var parent = result.popLast() {
                parent["subresources"] = [
                    ["subresource": "status", "responseKind": responseKind, "verbs": resource["verbs"] ?? []]
                ]
                result.append(parent)
                continue
            }
            var entry: JSONValue = [
                "resource": .string(name), "responseKind": responseKind,
                "scope": resource["namespaced"] == true ? "Namespaced" : "Cluster",
                "singularResource": resource["singularName"] ?? "", "verbs": resource["verbs"] ?? [],
            ]
            for name in ["shortNames", "categories"] { entry[name] = resource[name] }
            result.append(entry)
        }
        return result
    }

    // MARK: OpenAPI v2: only that it is there matters, kubectl reads schemas from v3

    static let version2: JSONValue = [
        "swagger": "2.0", "info": ["title": "Kubernetes", "version": "v1.36.0"], "paths": [:], "definitions": [:],
    ]

    /// The same as gnostic's `openapi.v2.Document`.
    static let version2Protobuf: [UInt8] = {
        func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
            [number << 3 | 2, UInt8(truncatingIfNeeded: content.count)] + content
        }
        let info = field(1, Array("Kubernetes".utf8)) + field(2, Array("v1.36.0".utf8))
        return field(1, Array("2.0".utf8)) + field(2, info) + field(8, []) + field(9, [])
    }()
}
