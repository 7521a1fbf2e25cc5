/// What a request is about: builds its path so that no name can change where it goes.
struct RequestTarget {
    var resource: Resource
    /// nil means all namespaces, or a cluster-scoped kind.
    var namespace: String?
    /// nil means the whole collection.
    var name: String?
    var subresource: String?

    /// The path below the server's URL.
    /// - Throws: ``APIError/unsendable(_:attempt:)`` for names that are empty or would leave their segment.
    func path(attempt: String) throws -> String {
        var segments = resource.group.isEmpty ? ["api", resource.version] : ["apis", resource.group, resource.version]
        if resource.isNamespaced, let namespace { segments += ["namespaces", namespace] }
        segments.append(resource.plural)
        if let name { segments.append(name) }
        if let subresource { segments.append(subresource) }
        guard segments.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw APIError.unsendable("a name is empty or only dots", attempt: attempt)
        }
        return "/" + segments.map(PercentEncoding.encode).joined(separator: "/")
    }

    /// For errors and logs: `pods demo/a`, `pods in demo`, `pods`.
    var description: String {
        let what = subresource.map { "\(resource.plural)/\($0)" } ?? resource.plural
        if let name { return "\(what) \(NamespacedName(namespace: namespace ?? "", name: name))".oneLine(limit: 512) }
        return namespace.map { "\(what) in \($0)".oneLine(limit: 512) } ?? what
    }
}

/// RFC 3986: everything but unreserved characters is encoded.
enum PercentEncoding {
    static func encode(_ text: String) -> String {
        // Nearly all names are fine as they are.
        if text.utf8.allSatisfy(isUnreserved) { return text }
        return text.utf8.map { isUnreserved($0) ? String(Unicode.Scalar($0)) : escape($0) }.joined()
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    static func escape(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
    }

    /// `?a=1&b=2`, or nothing.
    static func query(_ items: [(name: String, value: String)]) -> String {
        guard !items.isEmpty else { return "" }
        return "?" + items.map { "\(encode($0.name))=\(encode($0.value))" }.joined(separator: "&")
    }
}
