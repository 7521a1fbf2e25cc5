/// What a path points at: `/apis/<group>/<version>/namespaces/<namespace>/<plural>/<name>/<subresource>`.
struct ResourceAddress {
    let kind: ResourceKind
    /// nil: the path names none, because the kind has none or because all are meant.
    let namespace: String?
    let name: String?
    let subresource: String

    /// nil where nothing is served under that path.
    init?(_ path: [String], _ kinds: [ResourceKind]) {
        var rest = path[...]
        var (group, version) = ("", "")
        switch rest.popFirst() {
        case "api": version = rest.popFirst() ?? ""
        case "apis":
            group = rest.popFirst() ?? ""
            version = rest.popFirst() ?? ""
        default: return nil
        }
        // `namespaces/a` is the object, `namespaces/a/pods` its pods; its subresources are no plurals.
        var namespace: String?
        if rest.first == "namespaces", rest.count > 2, !["status", "finalize"].contains(rest[rest.startIndex + 2]) {
            rest = rest.dropFirst()
            namespace = rest.popFirst()
        }
        guard let plural = rest.popFirst(), rest.count <= 2,
            let kind = kinds.first(where: { $0.group == group && $0.version == version && $0.plural == plural }),
            kind.isNamespaced || namespace == nil
        else { return nil }
        self.kind = kind
        self.namespace = namespace
        name = rest.popFirst()
        subresource = rest.popFirst() ?? ""
        if !subresource.isEmpty, !(subresource == "status" && kind.hasStatus) { return nil }
    }
}
