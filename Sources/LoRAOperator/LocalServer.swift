import Effects

/// A server that `local` was told of.
struct LocalServer: Hashable, Sendable {
    /// What status calls it.
    var name: String
    /// An address, or a name whose address is looked up.
    var host: String
    var port: Int

    var hasAddress: Bool { IPAddress(host) != nil }

    init(name: String, host: String, port: Int) {
        self.name = name
        self.host = host
        self.port = port
    }

    /// Reads `http://127.0.0.1:8000` or `http://gpu1:8000`.
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
        let host = rest == "localhost" ? "127.0.0.1" : rest.lowercased()
        guard IPAddress(host) != nil || Self.isHostName(host) else { throw Self.wrong(url) }
        // The host name of an endpoint is one label.
        let label = host.replacing(".", with: "-")
        self.init(name: IPAddress(host) == nil && label.utf8.count <= 63 ? label : host, host: host, port: port)
    }

    private static func isHostName(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        // A last label of digits alone would be an address that is none.
        guard text.utf8.count <= 253, labels.last?.utf8.allSatisfy({ (0x30...0x39).contains($0) }) == false else {
            return false
        }
        return labels.allSatisfy { label in
            !label.isEmpty && label.utf8.count <= 63 && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
        }
    }

    private static func wrong(_ url: String) -> StartupError {
        .usage(
            "--vllm '\(url)' is not the URL of a server; write its scheme, host and port, like http://127.0.0.1:8000")
    }
}
