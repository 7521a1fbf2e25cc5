import DynamicJSON

/// The CustomResourceDefinitions given at the start, as kinds and as objects.
struct Definitions: Sendable {
    private(set) var kinds: [ResourceKind] = []
    private var sources: [JSONValue] = []

    /// Read once for all servers of a process: simulations start thousands.
    private static let builtIn = Result<[ResourceKind], any Error> {
        try JSONValue.documents(yaml: BuiltInKinds.yaml).flatMap { spec in
            try (spec["versions"]?.arrayValue ?? []).map { try ResourceKind(spec: spec, version: $0, isCustom: false) }
        }
    }

    /// - Throws: ``StatusError`` naming the definition that cannot be served, and why.
    init(_ texts: [String]) throws {
        kinds = try Self.builtIn.get()
        for text in texts {
            for document in try JSONValue.documents(yaml: text) {
                guard document["kind"]?.stringValue == "CustomResourceDefinition", let spec = document["spec"] else {
                    throw StatusError(
                        422, "Invalid",
                        "only CustomResourceDefinitions can be served, not \(document["kind"]?.text ?? "this")")
                }
                for version in spec["versions"]?.arrayValue ?? [] where version["served"]?.boolValue != false {
                    kinds.append(try ResourceKind(spec: spec, version: version, isCustom: true))
                }
                sources.append(document)
            }
        }
    }

    /// The definitions as the API shows them, established at `time`.
    func objects(at time: String) -> [JSONValue] {
        sources.map { source in
            func condition(_ type: String, _ reason: String, _ message: String) -> JSONValue {
                [
                    "type": .string(type), "status": "True", "lastTransitionTime": .string(time),
                    "reason": .string(reason),
                    "message": .string(message),
                ]
            }
            var object = source
            object["metadata", "generation"] = 1
            if object["spec", "conversion"] == nil { object["spec", "conversion"] = ["strategy": "None"] }
            let stored = source["spec", "versions"]?.arrayValue?.filter { $0["storage"]?.boolValue == true }
            object["status"] = [
                "conditions": [
                    condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                    condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
                ],
                "acceptedNames": source["spec", "names"] ?? [:],
                "storedVersions": .array(stored?.compactMap { $0["name"] } ?? []),
            ]
            return object
        }
    }
}
