import AdapterController
import AdapterPlanning
import DynamicJSON
import Foundation
import Testing

/// The schema of crds/ against the Swift types that read and write the objects, in both directions.
struct SchemaTests {
    private static func schema(_ part: String, of plural: String = "loraadapters") throws -> JSONValue {
        let definition = try JSONValue.yaml(try Repository.text("crds/\(plural).yaml"))
        let version = try #require(definition["spec", "versions"]?.arrayValue?.first)
        return try #require(version["schema", "openAPIV3Schema", "properties"]?[part])
    }

    @Test func `spec has the fields that the operator reads, and no others`() throws {
        let schema = try Self.schema("spec")
        let spec = try JSONDecoder().decode(AdapterSpec.self, from: Data(Self.example(of: schema).encoded))

        #expect(Self.paths(of: spec) == Self.paths(of: schema))
    }

    @Test func `status has the fields that the operator writes, and no others`() throws {
        try check(AdapterStatus.self, against: Self.schema("status"))
    }

    @Test func `status of a ServedModel has the fields that the operator writes, and no others`() throws {
        // There is no spec that could have a generation.
        try check(
            ServedModelStatus.self, against: Self.schema("status", of: "servedmodels"),
            butFor: [".conditions.observedGeneration"])
    }

    private func check(
        _ type: (some Codable).Type, against schema: JSONValue, butFor unwritten: Set<String> = []
    ) throws {
        let example = Self.example(of: schema)
        let status = try JSONDecoder().decode(type, from: Data(example.encoded))

        #expect(Self.paths(of: status).subtracting(unwritten) == Self.paths(of: schema))
        // What is written is what was read: the names of the fields are the same both ways.
        #expect(try Self.written(status) == example)

        // What the schema asks for is what the type cannot be without, and so is always written.
        let optional = Self.optional(in: schema)
        #expect(Self.required(in: schema).count > 5 && !optional.isEmpty)
        for path in Self.required(in: schema) {
            #expect(throws: DecodingError.self, "\(path)") {
                try JSONDecoder().decode(type, from: Data(example.without(path[...]).encoded))
            }
        }
        for path in optional {
            let rest = example.without(path[...])
            let status = try JSONDecoder().decode(type, from: Data(rest.encoded))
            #expect(try Self.written(status) == rest, "\(path)")
        }
    }

    private static func written(_ status: some Encodable) throws -> JSONValue {
        try #require(JSONValue(parsing: Array(try JSONEncoder().encode(status))))
    }

    @Test func `lists are as long as the schema allows, and states are those that it lists`() throws {
        let status = try Self.schema("status")["properties"]
        let model = try Self.schema("status", of: "servedmodels")["properties"]

        #expect(status?["servers", "maxItems"] == .int(Int64(AdapterStatus.serverLimit)))
        #expect(status?["claims", "maxItems"] == .int(Int64(Claim.limit)))
        let unmanaged = model?["adapters", "properties", "unmanaged"]
        #expect(unmanaged?["maxItems"] == .int(Int64(ServedModelStatus.Adapters.limit)))
        for properties in [status, model] {
            let states = properties?["conditions", "items", "properties", "status", "enum"]?.arrayValue ?? []
            #expect(states.map(\.stringValue) == ["True", "False", "Unknown"])
            for state in states { #expect(AdapterCondition.Status(rawValue: state.stringValue ?? "") != nil) }
        }
    }

    @Test func `86: lists in status that others may write to are maps with keys`() throws {
        let schema = try Self.schema("status")
        for (list, keys) in [("conditions", ["type"]), ("servers", ["name", "port"])] {
            let list = schema["properties", list]
            #expect(list?["x-kubernetes-list-type"] == "map")
            #expect(list?["x-kubernetes-list-map-keys"]?.arrayValue?.compactMap(\.stringValue) == keys)
        }
    }

    @Test(arguments: [["conflictPolicy"], ["loading"], ["update", "strategy"], ["deletion", "policy"]])
    func `every value that the schema lists is one that the operator knows, and no other is`(path: [String]) throws {
        let field = path.reduce(try Self.schema("spec")) { $0["properties"]?[$1] ?? .null }
        let allowed = try #require(field["enum"]?.arrayValue)

        for value in allowed + ["Nonsense"] {
            let member = path.reversed().reduce(value) { [$1: $0] }
            var object: JSONValue = ["loraPath": "/adapters/sql", "target": ["service": ["name": "vllm"]]]
            for (name, part) in member.objectValue ?? [:] { object[name] = part }
            let spec = try JSONDecoder().decode(AdapterSpec.self, from: Data(object.encoded))
            let wish = try? AdapterWish(spec, objectName: "sql", policy: PathPolicy())
            #expect((wish != nil) == (value != "Nonsense"), "\(path): \(value.text)")
        }
    }

    /// A value with every field of the schema, whatever they mean.
    private static func example(of schema: JSONValue) -> JSONValue {
        if let first = schema["enum"]?.arrayValue?.first { return first }
        switch schema["type"]?.stringValue {
        case "object": return .object((schema["properties"]?.objectValue ?? [:]).mapValues(example))
        case "array": return .array(schema["items"].map { [example(of: $0)] } ?? [])
        case "integer": return 1
        case "boolean": return true
        // The states of a server and of a condition are of Swift's types too.
        default: return "Loaded"
        }
    }

    private static func required(in schema: JSONValue, at path: [String] = []) -> [[String]] {
        fields(of: schema, at: path).filter(\.isRequired).map(\.path)
    }

    private static func optional(in schema: JSONValue) -> [[String]] {
        fields(of: schema, at: []).filter { !$0.isRequired }.map(\.path)
    }

    /// Fields of lists' entries are those of the one entry of ``example(of:)``, after a `*`.
    private static func fields(of schema: JSONValue, at path: [String]) -> [(path: [String], isRequired: Bool)] {
        let required = schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? []
        var fields = schema["items"].map { Self.fields(of: $0, at: path + ["*"]) } ?? []
        for (name, property) in (schema["properties"]?.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) {
            fields.append((path + [name], required.contains(name)))
            fields += Self.fields(of: property, at: path + [name])
        }
        return fields
    }

    private static func paths(of schema: JSONValue, at path: String = "") -> Set<String> {
        var paths: Set<String> = []
        for (name, property) in schema["properties"]?.objectValue ?? [:] {
            paths.insert("\(path).\(name)")
            paths.formUnion(Self.paths(of: property, at: "\(path).\(name)"))
            if let items = property["items"] { paths.formUnion(Self.paths(of: items, at: "\(path).\(name)")) }
        }
        return paths
    }

    /// The stored properties of a value; those of one that is nil are unknown.
    private static func paths(of value: Any, at path: String = "") -> Set<String> {
        var paths: Set<String> = []
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional, .collection:
            for child in mirror.children { paths.formUnion(Self.paths(of: child.value, at: path)) }
        case .struct, .class:
            for child in mirror.children {
                guard let label = child.label, !label.hasPrefix("_") else { continue }
                // Shared memory is no level of its own.
                if child.value is ServerStatus.Place {
                    paths.formUnion(Self.paths(of: child.value, at: path))
                    continue
                }
                paths.insert("\(path).\(label)")
                paths.formUnion(Self.paths(of: child.value, at: "\(path).\(label)"))
            }
        default: break
        }
        return paths
    }
}

extension JSONValue {
    /// The value without what is at a path.
    fileprivate func without(_ path: ArraySlice<String>) -> JSONValue {
        guard let name = path.first else { return self }
        if name == "*" { return .array((arrayValue ?? []).map { $0.without(path.dropFirst()) }) }
        var copy = self
        copy[name] = path.count == 1 ? nil : self[name]?.without(path.dropFirst())
        return copy
    }
}
