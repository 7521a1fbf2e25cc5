import Effects

/// A server that `local` was told of.
struct LocalServer: Hashable, Sendable {
    /// What status calls it.
    var name: String
    var address: String
    var port: Int
    var isHTTPS = false

    /// The address as it stands in a URL.
    var urlHost: String { address.contains(":") ? "[\(address)]" : address }

    init(name: String, address: String, port: Int) {
        self.name = name
        self.address = address
        self.port = port
    }

    /// Reads `http://127.0.0.1:8000`; the host must be an address, since endpoints are addresses.
    init(url: String) throws {
        let isHTTPS = url.hasPrefix("https://")
        guard isHTTPS || url.hasPrefix("http://") else { throw Self.wrong(url) }
        var rest = url.dropFirst(isHTTPS ? 8 : 7)
        while rest.hasSuffix("/") { rest = rest.dropLast() }
        var port = isHTTPS ? 443 : 80
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("]") {
            guard let number = UInt16(rest[rest.index(after: colon)...]), number > 0 else { throw Self.wrong(url) }
            port = Int(number)
            rest = rest[..<colon]
        }
        if rest.hasPrefix("["), rest.hasSuffix("]") { rest = rest.dropFirst().dropLast() }
        let host = rest == "localhost" ? "127.0.0.1" : String(rest)
        guard IPAddress(host) != nil else { throw Self.wrong(url) }
        self.init(name: host, address: host, port: port)
        self.isHTTPS = isHTTPS
    }

    private static func wrong(_ url: String) -> StartupError {
        .usage(
            "--vllm '\(url)' is not the URL of a server; write its scheme, address and port, like http://127.0.0.1:8000"
        )
    }
}
