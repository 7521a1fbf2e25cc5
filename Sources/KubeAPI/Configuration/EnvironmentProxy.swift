import Effects

/// `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, with the rules of Go's `httpproxy`, which client-go follows.
struct EnvironmentProxy {
    private var environment: [String: String]

    init(_ environment: [String: String]) { self.environment = environment }

    /// The proxy for an API server; a kubeconfig's own `proxy-url` goes first.
    func proxy(for server: String) -> HTTPProxy {
        let isTLS = server.lowercased().hasPrefix("https://")
        let authority = server.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" }
        let (host, port) = Self.split(authority)
        guard let url = value(isTLS ? "HTTPS_PROXY" : "HTTP_PROXY"), !isExcepted(host, port ?? (isTLS ? "443" : "80"))
        else { return .none }
        return .url(url.contains("://") ? url : "http://\(url)")
    }

    private func value(_ name: String) -> String? {
        environment[name]?.trimmed.nonEmpty ?? environment[name.lowercased()]?.trimmed.nonEmpty
    }

    private func isExcepted(_ host: String, _ port: String) -> Bool {
        // A zone says which interface, not which address.
        let address = IPAddress(String(host.prefix { $0 != "%" }))
        if host == "localhost" || address?.isLoopback == true { return true }
        return (value("NO_PROXY") ?? "").split(separator: ",").contains { entry in
            matches(String(entry).trimmed.lowercased(), host, address, port)
        }
    }

    private func matches(_ entry: String, _ host: String, _ address: IPAddress?, _ port: String) -> Bool {
        if entry == "*" { return true }
        if let range = CIDR(entry) { return address.map { range.contains($0) } ?? false }
        let (name, wantedPort) = Self.split(entry[...])
        guard wantedPort == nil || wantedPort == port, !name.isEmpty else { return false }
        if let exact = IPAddress(name) { return address == exact }
        let suffix = name.hasPrefix("*.") ? String(name.dropFirst()) : name
        // `.example.com` means what is below, `example.com` itself too.
        return host.hasSuffix(suffix.hasPrefix(".") ? suffix : ".\(suffix)") || host == suffix
    }

    /// Host without brackets, and port.
    private static func split(_ authority: some StringProtocol) -> (host: String, port: String?) {
        let text = authority.lowercased()
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            let rest = text[text.index(after: end)...]
            return (
                String(text[text.index(after: text.startIndex)..<end]),
                rest.hasPrefix(":") ? String(rest.dropFirst()) : nil
            )
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : (text, nil)
    }
}
