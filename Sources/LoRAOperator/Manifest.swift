import DynamicJSON
import KubeSimulator
import YAML

/// One object of a YAML file, as it is to be applied.
struct Manifest {
    /// What is wrong with a file, and in which line.
    struct Problem: Error, CustomStringConvertible {
        var line: Int
        var description: String
    }

    /// Says of an object which file it comes from, so that a later process knows it for one of a manifest.
    static let annotation = "lora-operator.dev/manifest"

    let key: ManifestKey
    let object: JSONValue
    /// Where it begins.
    let line: Int

    /// Reads all documents of the file `name`; one bad document is a bad file.
    ///
    /// - Throws: ``Problem``.
    static func read(_ text: String, file name: String) throws -> [Manifest] {
        do {
            let manifests: [Manifest] = try YAMLNode.documents(of: text).compactMap { document in
                let value = document.json
                return value.isNull ? nil : try Manifest(value, file: name, line: document.line)
            }
            var keys: Set<ManifestKey> = []
            for manifest in manifests where !keys.insert(manifest.key).inserted {
                throw Problem(line: manifest.line, description: "\(manifest.key) is in this file twice")
            }
            return manifests
        } catch let error as YAMLError {
            throw Problem(line: error.line, description: error.problem)
        }
    }

    private init(_ document: JSONValue, file: String, line: Int) throws {
        func problem(_ what: String) -> Problem { Problem(line: line, description: what) }
        guard let kindName = document["kind"]?.stringValue, document["apiVersion"]?.stringValue != nil,
            let name = document["metadata", "name"]?.stringValue
        else { throw problem("an object needs apiVersion, kind and metadata.name") }
        guard let kind = ManifestKey.Kind(rawValue: kindName) else {
            let kinds = ManifestKey.Kind.allCases.map { "\($0.rawValue)s" }.joined(separator: " and ")
            throw problem("kind \(kindName) is not one that local takes; put \(kinds) here")
        }
        let namespace = document["metadata", "namespace"]?.stringValue ?? LocalCluster.namespace
        guard namespace == LocalCluster.namespace else {
            throw problem("local has only the namespace \(LocalCluster.namespace)")
        }
        key = ManifestKey(kind, namespace: namespace, name: name)
        var object = document
        object["metadata", "namespace"] = .string(namespace)
        object["metadata", "annotations", Self.annotation] = .string(file)
        self.object = object
        self.line = line
    }
}
