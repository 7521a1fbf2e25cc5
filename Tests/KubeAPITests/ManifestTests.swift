import DynamicJSON
import Foundation
import TestSupport
import Testing
import YAML

/// The manifests are part of the product: what users apply must parse, fit the schema and grant no more than is used.
struct ManifestTests {
    @Test(arguments: try Manifest.paths(under: ["crds", "deploy", "examples"]))
    func `every document of every manifest is an object that Kubernetes can tell the kind of`(path: String) throws {
        let documents = try Manifest.documents(in: path)

        #expect(!documents.isEmpty)
        for document in documents {
            #expect(document["apiVersion"]?.stringValue != nil, "a document of \(path) has no apiVersion")
            #expect(document["kind"]?.stringValue != nil, "a document of \(path) has no kind")
        }
    }

    @Test(arguments: try Manifest.paths(under: ["crds", "deploy"]))
    func `every manifest is applied by the kustomization of its directory`(path: String) throws {
        let file = URL(filePath: path).lastPathComponent
        guard file != "kustomization.yaml" else { return }
        let directory = path.split(separator: "/").dropLast().joined(separator: "/")
        let kustomization = try #require(try Manifest.documents(in: "\(directory)/kustomization.yaml").first)

        let resources = kustomization["resources"]?.arrayValue?.compactMap(\.stringValue) ?? []

        #expect(resources.contains(file))
    }

    @Test(arguments: try Manifest.paths(under: ["examples"]))
    func `an adapter in the examples uses fields and values that the schema knows`(path: String) throws {
        let schema = try Manifest.adapterSchema()

        for document in try Manifest.documents(in: path) where document["kind"]?.stringValue == "LoRAAdapter" {
            #expect(SchemaCheck.faults(of: document, against: schema) == [])
        }
    }

    @Test func `an adapter in the documentation uses fields and values that the schema knows`() throws {
        let schema = try Manifest.adapterSchema()
        let adapters = try Manifest.fencedYAML(in: "docs/loraadapter.md").filter {
            $0["kind"]?.stringValue == "LoRAAdapter"
        }

        #expect(!adapters.isEmpty)
        for adapter in adapters {
            #expect(SchemaCheck.faults(of: adapter, against: schema) == [])
        }
    }

    @Test(arguments: [("loraadapters", "docs/loraadapter.md"), ("servedmodels", "docs/servedmodel.md")])
    func `every field explains itself to kubectl and in the documentation`(plural: String, page: String) throws {
        let documentation = try Manifest.text(of: page)
        let fields = SchemaCheck.fields(of: try Manifest.schema(of: plural))

        #expect(fields.count > 15)
        for (path, field) in fields {
            #expect((field["description"]?.stringValue ?? "").count > 10, "\(path) has no description")
            guard path.hasPrefix("spec.") || path.hasPrefix("status.") else { continue }
            #expect(documentation.contains("`\(path)`"), "\(page) does not mention \(path)")
        }
    }

    @Test func `apart from descriptions the schema is the one that a real API server accepted`() throws {
        let recording = try Manifest.text(of: "Tests/Fixtures/kubernetes/006-create-crd.http")
        let request = try #require(recording.split(separator: "\n").first { $0.hasPrefix("{") })
        let accepted = try #require(JSONValue(parsing: Array(request.utf8)))
        let ours = try #require(try Manifest.documents(in: "crds/loraadapters.yaml").first)

        #expect(try #require(ours["spec"]).outline == #require(accepted["spec"]).outline)
    }

    @Test func `the operator is granted no wildcard, no list of Secrets and no write beyond its own resources`() throws
    {
        let roles = try Manifest.documents(in: "deploy/base/rbac.yaml").filter {
            ["Role", "ClusterRole"].contains($0["kind"]?.stringValue ?? "")
        }
        let writable: Set = [
            "loraadapters", "loraadapters/status", "servedmodels", "servedmodels/status", "events", "leases",
        ]

        #expect(roles.count == 2)
        for rule in roles.flatMap({ $0["rules"]?.arrayValue ?? [] }) {
            let resources = Set(rule["resources"]?.arrayValue?.compactMap(\.stringValue) ?? [])
            let verbs = Set(rule["verbs"]?.arrayValue?.compactMap(\.stringValue) ?? [])
            let groups = Set(rule["apiGroups"]?.arrayValue?.compactMap(\.stringValue) ?? [])
            #expect(resources.union(verbs).union(groups).isDisjoint(with: ["*", "escalate", "bind", "impersonate"]))
            if resources.contains("secrets") { #expect(verbs == ["get"]) }
            if !verbs.isSubset(of: ["get", "list", "watch"]) { #expect(resources.isSubset(of: writable)) }
        }
    }

    @Test(.enabled(if: Manifest.kubectl != nil, "kubectl is not installed"), arguments: ["deploy", "crds"])
    func `kubectl renders the installation`(directory: String) async throws {
        let rendered = try await runCommand(
            try #require(Manifest.kubectl), ["kustomize", Manifest.root.appending(path: directory).path])

        let kinds = try Manifest.documents(yaml: String(decoding: rendered, as: UTF8.self)).compactMap {
            $0["kind"]?.stringValue
        }
        #expect(kinds.contains("CustomResourceDefinition"))
        if directory == "deploy" { #expect(kinds.contains("Deployment")) }
    }
}

/// Reads the repository's own files.
private enum Manifest {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static let kubectl: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/kubectl" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    static func paths(under directories: [String]) throws -> [String] {
        try directories.flatMap { directory in
            try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: directory).path)
                .filter { $0.hasSuffix(".yaml") }.sorted().map { "\(directory)/\($0)" }
        }
    }

    static func text(of path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    static func documents(in path: String) throws -> [JSONValue] { try documents(yaml: text(of: path)) }

    static func documents(yaml: String) throws -> [JSONValue] { try YAMLNode.documents(of: yaml).map(\.json) }

    /// The documents inside of ```` ```yaml ```` fences.
    static func fencedYAML(in path: String) throws -> [JSONValue] {
        try text(of: path).components(separatedBy: "```yaml\n").dropFirst().flatMap { rest in
            try documents(yaml: rest.components(separatedBy: "\n```").first ?? "")
        }
    }

    static func adapterSchema() throws -> JSONValue { try schema(of: "loraadapters") }

    static func schema(of plural: String) throws -> JSONValue {
        let crd = try #require(try documents(in: "crds/\(plural).yaml").first)
        return try #require(crd["spec"]?["versions"]?.arrayValue?.first?["schema", "openAPIV3Schema"])
    }
}

/// The part of OpenAPI that the schema uses and that a typing mistake in a manifest would break.
private enum SchemaCheck {
    static func faults(of value: JSONValue, against schema: JSONValue, at path: String = "") -> [String] {
        var faults: [String] = []
        if let allowed = schema["enum"]?.arrayValue?.compactMap(\.stringValue),
            !allowed.contains(value.stringValue ?? "")
        {
            faults.append("\(path): \(value.stringValue ?? "no scalar") is none of \(allowed)")
        }
        switch schema["type"]?.stringValue {
        case "object":
            guard let members = value.objectValue else { return faults + ["\(path): not an object"] }
            // `metadata` is the API server's business: its schema here names no properties.
            guard let properties = schema["properties"]?.objectValue else { return faults }
            for required in schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [] where value[required] == nil
            {
                faults.append("\(path): \(required) is missing")
            }
            for (name, member) in members {
                if let property = properties[name] {
                    faults += Self.faults(of: member, against: property, at: "\(path).\(name)")
                } else {
                    faults.append("\(path): unknown field \(name)")
                }
            }
        case "array":
            guard let items = schema["items"], value.arrayValue != nil else { return faults + ["\(path): not a list"] }
            for item in value.arrayValue ?? [] { faults += Self.faults(of: item, against: items, at: "\(path)[]") }
        case "integer":
            if value.intValue == nil { faults.append("\(path): not an integer") }
        case "boolean":
            if value.boolValue == nil { faults.append("\(path): not true or false") }
        case "string":
            if value.stringValue == nil { faults.append("\(path): not a string") }
        default:
            break
        }
        return faults
    }

    /// Every field with its path, `spec.target.service.name`; entries of lists are `status.claims[].name`.
    static func fields(of schema: JSONValue, at path: String = "") -> [(path: String, schema: JSONValue)] {
        var fields: [(path: String, schema: JSONValue)] = []
        for (key, property) in schema["properties"]?.objectValue ?? [:] {
            let name = (path.isEmpty ? "" : path + ".") + key
            fields.append((name, property))
            fields += Self.fields(of: property, at: name)
            if let items = property["items"] { fields += Self.fields(of: items, at: name + "[]") }
        }
        return fields
    }
}

extension JSONValue {
    /// The value without the descriptions in it.
    fileprivate var outline: JSONValue {
        switch self {
        case .object(let members):
            .object(members.filter { $0.key != "description" || $0.value.objectValue != nil }.mapValues(\.outline))
        case .array(let elements): .array(elements.map(\.outline))
        default: self
        }
    }
}
