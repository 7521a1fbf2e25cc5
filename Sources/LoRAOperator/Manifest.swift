import DynamicJSON
import KubeSimulator

/// One object of a YAML file, as it is to be applied.
struct Manifest {
    /// What is wrong with a file.
    struct Problem: Error, CustomStringConvertible {
        var description: String
    }

    let key: ManifestKey
    let object: JSONValue

    /// Reads all documents of a file; one bad document is a bad file.
    static func read(_ text: String) throws -> [Manifest] {
        try JSONValue.documents(yaml: text).enumerated().map { try Manifest($1, number: $0 + 1) }
    }

    private init(_ document: JSONValue, number: Int) throws {
        func problem(_ what: String) -> Problem { Problem(description: "document \(number): \(what)") }
        guard let kindName = document["kind"]?.stringValue, let name = document["metadata", "name"]?.stringValue else {
            throw problem("an object needs apiVersion, kind and metadata.name")
        }
        guard let kind = ManifestKey.Kind(rawValue: kindName) else {
            let kinds = ManifestKey.Kind.allCases.map { "\($0.rawValue)s" }.joined(separator: " and ")
            throw problem("kind \(kindName) is not one that local takes; put \(kinds) here")
        }
        let namespace = document["metadata", "namespace"]?.stringValue ?? LocalCluster.namespace
        guard namespace == LocalCluster.namespace else {
            throw problem("local has only the namespace \(LocalCluster.namespace)")
        }
        guard case .object(var fields) = document, case .object(var metadata)? = document["metadata"] else {
            throw problem("metadata must be an object")
        }
        metadata["namespace"] = .string(namespace)
        fields["metadata"] = .object(metadata)
        key = ManifestKey(kind, namespace: namespace, name: name)
        object = .object(fields)
    }
}
