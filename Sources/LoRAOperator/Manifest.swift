import DynamicJSON
import KubeSimulator
import Yams

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
        try documents(text).flatMap { line, text in
            do {
                try check(text)
                return try JSONValue.documents(yaml: text).map { try Manifest($0, file: name, line: line) }
            } catch let error as YamlError {
                // What is missing at the end is missing in the last line, not in the one after it.
                let last = text.split(separator: "\n", omittingEmptySubsequences: false).count
                throw Problem(line: min(error.line ?? line, last), description: error.problem)
            } catch let error as StatusError {
                throw Problem(line: line, description: error.message)
            }
        }
    }

    /// The texts between `---`, each with as many empty lines before it as keep its line numbers right.
    private static func documents(_ text: String) -> [(line: Int, text: String)] {
        var documents: [(line: Int, lines: [Substring])] = [(1, [])]
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line == "---" || line.hasPrefix("--- ") || line == "---\r" {
                documents.append((index + 2, []))
            } else {
                documents[documents.count - 1].lines.append(line)
            }
        }
        return documents.compactMap { start, lines in
            guard let first = lines.firstIndex(where: { !$0.allSatisfy(\.isWhitespace) && !$0.hasPrefix("#") }) else {
                return nil
            }
            return (start + first, String(repeating: "\n", count: start - 1) + lines.joined(separator: "\n"))
        }
    }

    /// Parses a text for the position of what is wrong with it.
    private static func check(_ text: String) throws {
        var nodes = try Yams.compose_all(yaml: text)
        while nodes.next() != nil {}
        if let error = nodes.error { throw error }
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

extension YamlError {
    fileprivate var line: Int? {
        switch self {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
        case .duplicatedKeysInMapping(_, let context): context.mark.line
        default: nil
        }
    }

    /// What is wrong, without the text around it.
    fileprivate var problem: String {
        switch self {
        case .scanner(let context, let problem, _, _), .parser(let context, let problem, _, _),
            .composer(let context, let problem, _, _):
            context.map { "\($0.text): \(problem)" } ?? problem
        case .duplicatedKeysInMapping(let names, _): "the key \(names.sorted().joined(separator: ", ")) is there twice"
        default: "\(self)"
        }
    }
}
