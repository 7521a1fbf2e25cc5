package import Effects

/// Which API server to speak to, and as whom.
package struct KubeConfiguration: Sendable, CustomStringConvertible, CustomReflectable {
    /// Scheme, host, port and perhaps a path; no slash at its end.
    package var server: String
    package var tls: TLSOptions
    package var credentials: Credentials
    /// The namespace that is meant where none is named.
    package var namespace: String
    package var proxy: HTTPProxy
    /// Where it came from, for the log: `in-cluster`, `/root/.kube/config (context kind)`.
    package var source: String
    /// Reads the token file again whenever it may have been rotated.
    package var readFile: FileReader

    package init(
        server: String, tls: TLSOptions = TLSOptions(), credentials: Credentials = .none, namespace: String = "default",
        proxy: HTTPProxy = .none, source: String = "", readFile: FileReader = .system
    ) {
        self.server = server
        self.tls = tls
        self.credentials = credentials
        self.namespace = namespace
        self.proxy = proxy
        self.source = source
        self.readFile = readFile
    }

    /// Keys, tokens and the proxy's password stay out of every log.
    package var description: String { "\(server) from \(source)" }

    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// How requests prove who sends them, beside a client certificate in ``KubeConfiguration/tls``; never printed.
package enum Credentials: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    case none
    case token(String)
    /// Path of a file that somebody rotates.
    case tokenFile(String)

    package var description: String {
        switch self {
        case .none: "none"
        case .token: "token"
        case .tokenFile(let path): "token file \(path)"
        }
    }

    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
