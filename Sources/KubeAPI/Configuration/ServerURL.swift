enum ServerURL {
    /// The URL without a slash at its end.
    ///
    /// - Throws: ``KubeConfigurationError`` for what paths cannot be added to: the URL may have a path, and neither
    ///   credentials nor a query.
    static func checked(_ text: String, source: String) throws -> String {
        let lower = text.lowercased()
        let scheme = ["https://", "http://"].first(where: lower.hasPrefix)
        guard let scheme, !text.contains(where: { "@?#\\".contains($0) || $0.isWhitespace }),
            isAuthority(text.utf8.dropFirst(scheme.utf8.count).prefix { $0 != UInt8(ascii: "/") })
        else {
            throw KubeConfigurationError("\(source) has a server that is no http or https URL: write https://host:port")
        }
        var url = text[...]
        while url.hasSuffix("/") { url = url.dropLast() }
        return String(url)
    }

    /// `host`, `host:port`, and IPv6 addresses in brackets alone.
    private static func isAuthority(_ text: some BidirectionalCollection<UInt8>) -> Bool {
        let end = text.first == UInt8(ascii: "[") ? text.firstIndex(of: UInt8(ascii: "]")) : text.startIndex
        guard let end else { return false }
        let host = text[..<end]
        let rest = text[end...]
        guard let colon = rest.lastIndex(of: UInt8(ascii: ":")) else {
            return host.isEmpty ? !rest.isEmpty : rest.count == 1
        }
        let isHost =
            host.isEmpty
            ? colon != rest.startIndex && !rest[..<colon].contains(UInt8(ascii: ":")) : rest[..<colon].count == 1
        let port = String(decoding: rest[colon...].dropFirst(), as: UTF8.self)
        return isHost && port.allSatisfy(\.isNumber) && (1...65535).contains(Int(port) ?? 0)
    }
}
