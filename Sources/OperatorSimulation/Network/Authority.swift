import Effects

/// An absolute URL, cut where the network needs it.
struct Authority {
    /// `host:port`, the port always there.
    let name: String
    /// Path and query, at least `/`.
    let path: String
    /// False for a literal address.
    let isName: Bool

    init(url: String) throws(HTTPFailure) {
        let invalid = HTTPFailure(.invalidRequest, "not an absolute http URL: \(url)")
        guard let separator = url.firstRange(of: "://") else { throw invalid }
        let scheme = url[..<separator.lowerBound]
        guard scheme == "http" || scheme == "https" else { throw invalid }
        let rest = url[separator.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.isEmpty, !authority.contains("@") else { throw invalid }
        let path = rest[end...].prefix { $0 != "#" }
        self.path = path.hasPrefix("/") ? String(path) : "/" + path
        let hasPort = authority.lastIndex(of: ":").map { !authority[$0...].contains("]") } ?? false
        name = hasPort ? String(authority) : "\(authority):\(scheme == "https" ? 443 : 80)"
        isName = !authority.hasPrefix("[") && authority.contains { $0.isLetter }
    }
}
