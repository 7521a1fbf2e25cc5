import Foundation
import TestSupport
import Testing
import Yams

/// The manifests are part of the product: what users apply must parse, fit the schema and grant no more than is used.
struct ManifestTests {
    @Test(arguments: try Manifest.paths(under: ["crds", "deploy", "examples"]))
    func `every document of every manifest is an object that Kubernetes can tell the kind of`(path: String) throws {
        let documents = try Manifest.documents(in: path)

        #expect(!documents.isEmpty)
        for document in documents {
            #expect(document["apiVersion"]?.string != nil, "a document of \(path) has no apiVersion")
            #expect(document["kind"]?.string != nil, "a document of \(path) has no kind")
        }
    }

    @Test(arguments: try Manifest.paths(under: ["crds", "deploy"]))
    func `every manifest is applied by the kustomization of its directory`(path: String) throws {
        let file = URL(filePath: path).lastPathComponent
        guard file != "kustomization.yaml" else { return }
        let directory = path.split(separator: "/").dropLast().joined(separator: "/")
        let kustomization = try #require(try Manifest.documents(in: "\(directory)/kustomization.yaml").first)

        let resources = kustomization["resources"]?.array().compactMap(\.string) ?? []

        #expect(resources.contains(file))
    }

    @Test(arguments: try Manifest.paths(under: ["examples"]))
    func `an adapter in the examples uses fields and values that the schema knows`(path: String) throws {
        let schema = try Manifest.adapterSchema()

        for document in try Manifest.documents(in: path) where document["kind"]?.string == "LoRAAdapter" {
            #expect(SchemaCheck.faults(of: document, against: schema) == [])
        }
    }

    @Test func `an adapter in the documentation uses fields and values that the schema knows`() throws {
        let schema = try Manifest.adapterSchema()
        let adapters = try Manifest.fencedYAML(in: "docs/loraadapter.md").filter { $0["kind"]?.string == "LoRAAdapter" }

        #expect(!adapters.isEmpty)
        for adapter in adapters {
            #expect(SchemaCheck.faults(of: adapter, against: schema) == [])
        }
    }

    @Test func `every field of an adapter explains itself to kubectl and in the documentation`() throws {
        let documentation = try Manifest.text(of: "docs/loraadapter.md")

        for (path, field) in SchemaCheck.fields(of: try Manifest.adapterSchema()) {
            #expect((field["description"]?.string ?? "").count > 10, "\(path) has no description")
            guard path.hasPrefix("spec.") || path.hasPrefix("status.") else { continue }
            #expect(documentation.contains("`\(path)`"), "docs/loraadapter.md does not mention \(path)")
        }
    }

    @Test func `apart from descriptions the schema is the one that a real API server accepted`() throws {
        let recording = try Manifest.text(of: "Tests/Fixtures/kubernetes/006-create-crd.http")
        let request = try #require(recording.split(separator: "\n").first { $0.hasPrefix("{") })
        let accepted = try #require(try Yams.compose(yaml: String(request)))
        let ours = try #require(try Manifest.documents(in: "crds/loraadapters.yaml").first)

        #expect(try #require(ours["spec"]).outline == #require(accepted["spec"]).outline)
    }

    @Test func `the operator is granted no wildcard, no list of Secrets and no write beyond its own resources`() throws
    {
        let roles = try Manifest.documents(in: "deploy/base/rbac.yaml").filter {
            ["Role", "ClusterRole"].contains($0["kind"]?.string ?? "")
        }
        let writable: Set = [
            "loraadapters", "loraadapters/status", "servedmodels", "servedmodels/status", "events", "leases",
        ]

        #expect(roles.count == 2)
        for rule in roles.flatMap({ $0["rules"]?.array() ?? [] }) {
            let resources = Set(rule["resources"]?.array().compactMap(\.string) ?? [])
            let verbs = Set(rule["verbs"]?.array().compactMap(\.string) ?? [])
            let groups = Set(rule["apiGroups"]?.array().compactMap(\.string) ?? [])
            #expect(resources.union(verbs).union(groups).isDisjoint(with: ["*", "escalate", "bind", "impersonate"]))
            if resources.contains("secrets") { #expect(verbs == ["get"]) }
            if !verbs.isSubset(of: ["get", "list", "watch"]) { #expect(resources.isSubset(of: writable)) }
        }
    }

    @Test(.enabled(if: Manifest.kubectl != nil, "kubectl is not installed"), arguments: ["deploy", "crds"])
    func `kubectl renders the installation`(directory: String) async throws {
        let rendered = try await runCommand(
            try #require(Manifest.kubectl), ["kustomize", Manifest.root.appending(path: directory).path])

        let kinds = try Array(Yams.compose_all(yaml: String(decoding: rendered, as: UTF8.self))).compactMap {
            $0["kind"]?.string
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

    static func documents(in path: String) throws -> [Node] { try documents(yaml: text(of: path)) }

    static func documents(yaml: String) throws -> [Node] {
        let sequence = try Yams.compose_all(yaml: yaml)
        let documents = Array(sequence)
        if let error = sequence.error { throw error }
        return documents
    }

    /// The documents inside of ```` ```yaml ```` fences.
    static func fencedYAML(in path: String) throws -> [Node] {
        try text(of: path).components(separatedBy: "```yaml\n").dropFirst().flatMap { rest in
            try documents(yaml: rest.components(separatedBy: "\n```").first ?? "")
        }
    }

    static func adapterSchema() throws -> Node {
        let crd = try #require(try documents(in: "crds/loraadapters.yaml").first)
        return try #require(crd["spec"]?["versions"]?[0]?["schema"]?["openAPIV3Schema"])
    }
}

/// The part of OpenAPI that the schema uses and that a typing mistake in a manifest would break.
private enum SchemaCheck {
    static func faults(of value: Node, against schema: Node, at path: String = "") -> [String] {
        var faults: [String] = []
        if let allowed = schema["enum"]?.array().compactMap(\.string), !allowed.contains(value.string ?? "") {
            faults.append("\(path): \(value.string ?? "no scalar") is none of \(allowed)")
        }
        switch schema["type"]?.string {
        case "object":
            guard let mapping = value.mapping else { return faults + ["\(path): not an object"] }
            // `metadata` is the API server's business: its schema here names no properties.
            guard let properties = schema["properties"]?.mapping else { return faults }
            for required in schema["required"]?.array().compactMap(\.string) ?? [] where value[required] == nil {
                faults.append("\(path): \(required) is missing")
            }
            for (key, member) in mapping {
                let name = key.string ?? ""
                if let property = properties[Node(name)] {
                    faults += Self.faults(of: member, against: property, at: "\(path).\(name)")
                } else {
                    faults.append("\(path): unknown field \(name)")
                }
            }
        case "array":
            guard let items = schema["items"], value.sequence != nil else { return faults + ["\(path): not a list"] }
            for item in value.array() { faults += Self.faults(of: item, against: items, at: "\(path)[]") }
        case "integer":
            if value.int == nil { faults.append("\(path): not an integer") }
        case "boolean":
            if value.bool == nil { faults.append("\(path): not true or false") }
        case "string":
            if value.scalar == nil || value.tag != Tag(.str) { faults.append("\(path): not a string") }
        default:
            break
        }
        return faults
    }

    /// Every field with its path, `spec.target.service.name`; entries of lists are `status.claims[].name`.
    static func fields(of schema: Node, at path: String = "") -> [(path: String, schema: Node)] {
        var fields: [(path: String, schema: Node)] = []
        for (key, property) in schema["properties"]?.mapping ?? [:] {
            let name = (path.isEmpty ? "" : path + ".") + (key.string ?? "")
            fields.append((name, property))
            fields += Self.fields(of: property, at: name)
            if let items = property["items"] { fields += Self.fields(of: items, at: name + "[]") }
        }
        return fields
    }
}

extension Node {
    /// The node without the descriptions in it, the same for every order of keys and for YAML and JSON.
    fileprivate var outline: String {
        switch self {
        case .mapping(let mapping):
            let members = mapping.filter { $0.key.string != "description" || $0.value.mapping != nil }
            return "{" + members.map { "\($0.key.string ?? ""): \($0.value.outline)" }.sorted().joined(separator: ", ")
                + "}"
        case .sequence(let sequence): return "[" + sequence.map(\.outline).joined(separator: ", ") + "]"
        case .scalar(let scalar): return "\(tag.description) \(scalar.string)"
        case .alias: return "alias"
        }
    }
}
