import DynamicJSON

/// A field selector: `metadata.name=a,involvedObject.kind!=b`, for the fields that the real server knows of a kind.
struct FieldSelector: Sendable {
    private var requirements: [(path: [String], value: String, isEqual: Bool)] = []

    /// - Throws: ``StatusError`` 400 for what is no selector, and for fields that cannot be selected.
    init(_ text: String, of kind: ResourceKind) throws {
        for term in text.split(separator: ",") {
            let operators = ["!=", "==", "="]
            guard let separator = operators.first(where: { term.contains($0) }),
                let range = Self.range(of: separator, in: term)
            else {
                throw StatusError(400, "BadRequest", "invalid field selector: '\(term)'; can't understand '\(term)'")
            }
            let field = String(term[..<range.lowerBound])
            let value = String(term[range.upperBound...])
            guard let path = Self.path(field, of: kind) else {
                throw StatusError(400, "BadRequest", "field label not supported: \(field)")
            }
            requirements.append((path, value, separator != "!="))
        }
    }

    var isEmpty: Bool { requirements.isEmpty }

    /// Whether an object, in the form that is stored, has the values asked for.
    func matches(_ object: JSONValue) -> Bool {
        requirements.allSatisfy { path, value, isEqual in
            let found = path.reduce(Optional(object)) { $0?[$1] }
            let text = found?.stringValue ?? (found?.isNull == false ? found?.text : nil) ?? ""
            return (text == value) == isEqual
        }
    }

    private static func range(of separator: String, in term: Substring) -> Range<Substring.Index>? {
        var index = term.startIndex
        while index < term.endIndex {
            if term[index...].hasPrefix(separator) { return index..<term.index(index, offsetBy: separator.count) }
            index = term.index(after: index)
        }
        return nil
    }

    private static let selectable: [String: Set<String>] = [
        "pods": [
            "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
            "status.phase", "status.podIP", "status.nominatedNodeName",
        ],
        "services": ["spec.clusterIP", "spec.type"],
        "secrets": ["type"],
        "namespaces": ["status.phase"],
    ]

    private static let eventFields: [String: [String]] = [
        "reason": ["reason"], "type": ["type"], "reportingComponent": ["reportingController"],
        "reportingController": ["reportingController"], "source": ["deprecatedSource", "component"],
    ]

    private static func path(_ field: String, of kind: ResourceKind) -> [String]? {
        if field == "metadata.name" || (field == "metadata.namespace" && kind.isNamespaced) {
            return field.split(separator: ".").map(String.init)
        }
        if kind.plural == "events" {
            if let path = eventFields[field] { return path }
            let prefix = kind.isCoreEvent ? "involvedObject." : "regarding."
            return field.hasPrefix(prefix) ? ["regarding", String(field.dropFirst(prefix.count))] : nil
        }
        guard !kind.isCustom, selectable[kind.plural]?.contains(field) == true else { return nil }
        return field.split(separator: ".").map(String.init)
    }
}
