import Effects

/// An absolute URL, cut where the network needs it.
struct Authority {
    /// `host:port`, the port always there.
    let name: String
    /// `host:`, as every name of a port of the same host begins.
    var host: Substring { name[...(name.lastIndex(of: ":") ?? name.startIndex)] }
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
        let end = rest.utf8.firstIndex(where: \.endsAuthority) ?? rest.endIndex
        let authority = rest.utf8[..<end]
        guard !authority.isEmpty, !authority.contains(UInt8(ascii: "@")) else { throw invalid }
        let shown = String(Substring(rest.utf8[end...].prefix { $0 != UInt8(ascii: "#") }))
        path = shown.utf8.first == UInt8(ascii: "/") ? shown : "/" + shown
        let colon = authority.lastIndex(of: UInt8(ascii: ":"))
        let hasPort = colon.map { !authority[$0...].contains(UInt8(ascii: "]")) } ?? false
        name = hasPort ? String(Substring(authority)) : "\(Substring(authority)):\(isPlain ? 80 : 443)"
        isName = authority.first != UInt8(ascii: "[") && authority.contains { $0.isLetter }
    }
}

extension UInt8 {
    fileprivate var endsAuthority: Bool {
        self == UInt8(ascii: "/") || self == UInt8(ascii: "?") || self == UInt8(ascii: "#")
    }

    /// Beyond ASCII all counts as a letter, as it does in names of hosts.
    fileprivate var isLetter: Bool {
        self >= 0x80 || UInt8(ascii: "a")...UInt8(ascii: "z") ~= self || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= self
    }
}
