/// One header line.
///
/// Names compare without case, as RFC 9110 says; order is kept.
package struct HTTPHeader: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// An HTTP request as a value: what the clients send, and what the simulators are asked.
package struct HTTPRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
        case options = "OPTIONS"

        /// True for methods that only read; everything else is an effect and passes the ``EffectGate``.
        package var isSafe: Bool { self == .get || self == .head || self == .options }
    }

    package var method: Method
    /// Absolute (`http://127.0.0.1:8000/v1/models`) on the client's side; path and query only on the server's side.
    package var url: String
    package var headers: [HTTPHeader]
    package var body: [UInt8]?
    package var options: HTTPOptions

    package init(
        _ method: Method = .get, _ url: String, headers: [HTTPHeader] = [], body: [UInt8]? = nil,
        options: HTTPOptions = HTTPOptions()
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.options = options
    }
}

/// How a request travels: limits, connection and trust.
///
/// Servers ignore it.
package struct HTTPOptions: Sendable {
    /// Until the connection stands, TLS included.
    package var connectTimeout: Duration = .seconds(10)
    /// For the whole exchange; nil for streams, which live by `idleTimeout`.
    package var totalTimeout: Duration? = .seconds(30)
    /// Ends the exchange when not one byte came for so long.
    package var idleTimeout: Duration?
    /// Largest response body in bytes after decompression; what exceeds it fails with ``HTTPFailure/Kind/tooLarge``.
    package var bodyLimit: Int = 16 << 20
    /// False sends no `Accept-Encoding`, so that the body comes as it is.
    package var acceptsCompression = true
    package var connection: HTTPConnection = .shared
    package var proxy: HTTPProxy = .none
    /// Trust and identity for `https`.
    package var tls = TLSOptions()
    /// Asked right before the request goes out; a closed one ends it with ``HTTPFailure/Kind/gateClosed``.
    package var gate: EffectGate?

    package init() {}
}

/// Which connection carries a request.
package enum HTTPConnection: Hashable, Sendable {
    /// Any idle one to that host.
    case shared
    /// A kept connection that requests of this label alone use, so that nothing else can delay them.
    case own(String)
    /// A new connection, closed afterwards: libcurl cannot replay the request on it.
    case fresh
}

/// Which proxy a request goes through.
///
/// The environment's proxy variables and netrc are never read by the transport.
package enum HTTPProxy: Hashable, Sendable {
    case none
    /// `http://`, `https://` or `socks5://` URL, credentials included.
    case url(String)
}

/// Trust and identity for TLS, as PEM in memory.
package struct TLSOptions: Hashable, Sendable {
    /// The only certificates trusted; nil trusts the system's.
    package var authorities: [UInt8]?
    package var clientCertificate: [UInt8]?
    package var clientKey: [UInt8]?
    /// Name to verify and to send as SNI where it differs from the URL's host.
    package var serverName: String?
    /// False only where a kubeconfig says `insecure-skip-tls-verify: true`.
    package var verifies = true

    package init() {}
}
