/// The form in which a client wants objects, from its `Accept` header.
enum Representation: Hashable, Sendable {
    case object
    case table
    case partialMetadata

    /// - Throws: ``StatusError`` 406 where nothing acceptable can be sent.
    init(accept: String?) throws {
        // Nearly every request says just this.
        let ranges = accept == "application/json" ? [] : (accept ?? "").split(separator: ",")
        if ranges.isEmpty {
            self = .object
            return
        }
        for range in ranges {
            let parts = range.split(separator: ";").map { $0.filter { $0 != " " } }
            guard let type = parts.first, ["application/json", "application/*", "*/*"].contains(type) else { continue }
            let form = parts.dropFirst().first { $0.hasPrefix("as=") }?.dropFirst(3)
            switch form {
            case nil: self = .object
            case "Table": self = .table
            case "PartialObjectMetadata", "PartialObjectMetadataList": self = .partialMetadata
            default: continue
            }
            return
        }
        throw StatusError(
            406, "NotAcceptable",
            "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf"
        )
    }

    /// How an object is encoded in this representation, tables aside.
    func form(_ kind: ResourceKind) -> StoredObject.Form {
        self == .partialMetadata ? .metadata : kind.isCoreEvent ? .coreEvent : .whole
    }
}
