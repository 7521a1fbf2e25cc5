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
        var invalid: HTTPFailure { HTTPFailure(.invalidRequest, "not an absolute http URL: \(url)") }
        let isPlain = url.hasPrefix("http://")
        guard isPlain || url.hasPrefix("https://") else { throw invalid }
        let rest = url.dropFirst(isPlain ? 7 : 8)
        // Byte by byte: every request comes here.
        let ends: [UInt8] = [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")]
        let end = rest.utf8.firstIndex { ends.contains($0) } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.isEmpty, !authority.contains("@") else { throw invalid }
        let path = rest[end...]
        let shown = path.utf8.contains(UInt8(ascii: "#")) ? path.prefix { $0 != "#" } : path
        self.path = shown.utf8.first == UInt8(ascii: "/") ? String(shown) : "/" + shown
        let hasPort = authority.lastIndex(of: ":").map { !authority[$0...].contains("]") } ?? false
        name = hasPort ? String(authority) : "\(authority):\(isPlain ? 80 : 443)"
        isName = !authority.hasPrefix("[") && authority.contains { $0.isLetter }
    }
}
