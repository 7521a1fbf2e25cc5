import Effects

/// A request that was checked and written down as libcurl wants it.
struct PreparedRequest: Sendable {
    /// The API server accepts no larger body either.
    static let bodyLimit = 3 << 20

    let method: HTTPRequest.Method
    let url: String
    /// For messages: host and port.
    let target: String
    /// Header lines in libcurl's notation; those it would add by itself are suppressed.
    let headerLines: [String]
    let body: [UInt8]?
    /// `CURLOPT_CONNECT_TO`, where the TLS name differs from the host to connect to.
    let connectTo: String?
    let options: HTTPOptions

    init(_ request: HTTPRequest) throws(HTTPFailure) {
        let url = try RequestURL(request.url)
        options = request.options
        method = request.method
        target = url.description

        body = request.body
        if let body, body.count > Self.bodyLimit {
            throw HTTPFailure(.invalidRequest, "the request body of \(body.count) bytes exceeds \(Self.bodyLimit)")
        }
        guard body == nil || method != .head else { throw HTTPFailure(.invalidRequest, "HEAD carries no body") }
        try Self.check(options)

        var lines = try Self.lines(request.headers)
        if url.isHTTPS, let name = options.tls.serverName, name != url.host {
            guard RequestURL.isHost(name) else {
                throw HTTPFailure(.invalidRequest, "the TLS server name is neither a name nor an address")
            }
            self.url = url.text(host: name)
            connectTo =
                "\(name.urlHost):\(url.port):\(url.host.urlHost):\(url.port)"
            if request.headers.first(named: "Host") == nil { lines.append("Host: \(url.authority)") }
        } else {
            self.url = url.text
            connectTo = nil
        }
        headerLines = lines
    }

    private static func lines(_ headers: [HTTPHeader]) throws(HTTPFailure) -> [String] {
        var lines: [String] = []
        for header in headers {
            guard !header.name.isEmpty, header.name.utf8.allSatisfy(isTokenByte) else {
                throw HTTPFailure(.invalidRequest, "a request header's name holds a character it must not hold")
            }
            guard header.value.utf8.allSatisfy({ $0 != 0x0D && $0 != 0x0A && $0 != 0 }) else {
                throw HTTPFailure(.invalidRequest, "the value of request header \(header.name) holds a line break")
            }
            guard !["content-length", "transfer-encoding"].contains(header.name.lowercased()) else {
                throw HTTPFailure(.invalidRequest, "request header \(header.name) is the transport's to set")
            }
            let value = header.value.trimmingHTTPWhitespace()
            // Libcurl reads a name with a colon and no value as "leave this header out".
            lines.append(value.isEmpty ? "\(header.name);" : "\(header.name): \(value)")
        }
        for name in ["Accept", "Content-Type", "Expect"] where headers.first(named: name) == nil {
            lines.append("\(name):")
        }
        return lines
    }

    private static func check(_ options: HTTPOptions) throws(HTTPFailure) {
        if case .url(let proxy) = options.proxy {
            guard proxy.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
                ["http://", "https://", "socks5://", "socks5h://"].contains(where: proxy.lowercased().hasPrefix)
            else { throw HTTPFailure(.invalidRequest, "the proxy is not an http, https or socks5 URL") }
        }
        let tls = options.tls
        guard tls.clientKey == nil || tls.clientCertificate != nil else {
            throw HTTPFailure(.invalidRequest, "a client key is given without its certificate")
        }
        for (pem, what) in [
            (tls.authorities, "certificate authority"), (tls.clientCertificate, "client certificate"),
            (tls.clientKey, "client key"),
        ] {
            if let pem, !String(decoding: pem, as: UTF8.self).contains("-----BEGIN ") {
                throw HTTPFailure(.invalidRequest, "the \(what) is not PEM")
            }
        }
    }

    /// RFC 9110's `tchar`.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
