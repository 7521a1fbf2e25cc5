import AdapterController
import AdapterPlanning
import DynamicJSON
import Foundation
import Testing

/// The schema of crds/ against the Swift types that read and write the objects, in both directions.
struct SchemaTests {
    private static func schema(_ part: String) throws -> JSONValue {
        let definition = try JSONValue.yaml(try Repository.text("crds/loraadapters.yaml"))
        let version = try #require(definition["spec", "versions"]?.arrayValue?.first)
        return try #require(version["schema", "openAPIV3Schema", "properties"]?[part])
    }

    @Test func `spec has the fields that the operator reads, and no others`() throws {
        let schema = try Self.schema("spec")
        let spec = try JSONDecoder().decode(AdapterSpec.self, from: Data(Self.example(of: schema).encoded))

        #expect(Self.paths(of: spec) == Self.paths(of: schema))
    }

    @Test func `status has the fields that the operator writes, and no others`() throws {
        let schema = try Self.schema("status")
        let status = try JSONDecoder().decode(AdapterStatus.self, from: Data(Self.example(of: schema).encoded))

        #expect(Self.paths(of: status) == Self.paths(of: schema))
        // What is written is what was read: the names of the fields are the same both ways.
        let written = try JSONDecoder().decode(JSONValue.self, from: try JSONEncoder().encode(status))
        #expect(written == Self.example(of: schema))
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

    private static func paths(of schema: JSONValue, at path: String = "") -> Set<String> {
        var paths: Set<String> = []
        for (name, property) in schema["properties"]?.objectValue ?? [:] {
            paths.insert("\(path).\(name)")
            paths.formUnion(Self.paths(of: property, at: "\(path).\(name)"))
            if let items = property["items"] { paths.formUnion(Self.paths(of: items, at: "\(path).\(name)")) }
        }
        return paths
    }

    /// The stored properties of a value that are not nil.
    private static func paths(of value: Any, at path: String = "") -> Set<String> {
        var paths: Set<String> = []
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional, .collection:
            for child in mirror.children { paths.formUnion(Self.paths(of: child.value, at: path)) }
        case .struct:
            for child in mirror.children {
                guard let label = child.label, !label.hasPrefix("_") else { continue }
                if Mirror(reflecting: child.value).displayStyle == .optional,
                    Mirror(reflecting: child.value).children.isEmpty
                {
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
