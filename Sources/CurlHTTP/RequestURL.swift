import Effects

/// An absolute `http` or `https` URL in the parts a transfer needs; everything after the authority stays as it is.
struct RequestURL: Equatable {
    var isHTTPS: Bool
    /// Without the brackets of an IPv6 literal.
    var host: String
    var port: Int
    /// Host and port as written: the `Host` header.
    let authority: String
    /// Path, query and fragment.
    private let rest: String

    init(_ url: String) throws(HTTPFailure) {
        guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Self.invalid("it holds a character that has to be percent-encoded")
        }
        let scheme = url.prefix(8).lowercased()
        isHTTPS = scheme.hasPrefix("https://")
        guard isHTTPS || scheme.hasPrefix("http://") else { throw Self.invalid("its scheme is not http or https") }

        let afterScheme = url.dropFirst(isHTTPS ? 8 : 7)
        let end = afterScheme.firstIndex { "/?#\\".contains($0) } ?? afterScheme.endIndex
        authority = String(afterScheme[..<end])
        rest = String(afterScheme[end...])
        guard !authority.contains("@") else { throw Self.invalid("it holds credentials") }
        guard !rest.hasPrefix("\\") else { throw Self.invalid("it holds a backslash where the path starts") }
        (host, port) = try Self.split(authority, defaultPort: isHTTPS ? 443 : 80)
    }

    /// The URL with its host replaced: how libcurl is told which name to verify.
    func text(host: String) -> String { "\(isHTTPS ? "https" : "http")://\(host.urlHost):\(port)\(rest)" }

    var text: String { "\(isHTTPS ? "https" : "http")://\(authority)\(rest)" }

    /// For messages: `10.0.0.3 port 8000`.
    var description: String { "\(host) port \(port)" }

    /// Whether `host` can be a name or an address: nothing else reaches libcurl.
    static func isHost(_ host: String) -> Bool {
        let isName = host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return !host.isEmpty && (isName || isAddress6(host))
    }

    private static func isAddress6(_ host: String) -> Bool {
        host.contains(":") && host.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
    }

    private static func split(
        _ authority: String, defaultPort: Int
    ) throws(HTTPFailure) -> (host: String, port: Int) {
        let host: Substring
        let portText: Substring
        if authority.hasPrefix("["), let close = authority.firstIndex(of: "]") {
            host = authority[authority.index(after: authority.startIndex)..<close]
            portText = authority[authority.index(after: close)...]
            guard isAddress6(String(host)) else { throw invalid("its host is not an address") }
        } else {
            let colon = authority.firstIndex(of: ":") ?? authority.endIndex
            host = authority[..<colon]
            portText = authority[colon...]
            guard isHost(String(host)) else { throw invalid("its host is not a name") }
        }
        if portText.isEmpty { return (String(host), defaultPort) }
        guard portText.hasPrefix(":"), portText.dropFirst().allSatisfy({ $0.isASCII && $0.isNumber }),
            let port = Int(portText.dropFirst()), (1...65535).contains(port)
        else { throw invalid("its port is not a number up to 65535") }
        return (String(host), port)
    }

    private static func invalid(_ reason: String) -> HTTPFailure {
        HTTPFailure(.invalidRequest, "the request's URL cannot be used: \(reason)")
    }
}
