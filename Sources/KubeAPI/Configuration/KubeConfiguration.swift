package import Effects

/// Which API server to speak to, and as whom.
package struct KubeConfiguration: Sendable, CustomStringConvertible, CustomReflectable {
    /// Scheme, host, port and perhaps a path; no slash at its end.
    package var server: String
    package var tls: TLSOptions
    /// Where parts of ``tls`` came from files.
    package var tlsFiles = TLSFiles()
    package var credentials: Credentials
    package var impersonation: Impersonation?
    /// False where a kubeconfig says `disable-compression: true`.
    package var acceptsCompression = true
    /// The namespace that is meant where none is named.
    package var namespace: String
    package var proxy: HTTPProxy
    /// Where it came from, for the log: `in-cluster`, `/root/.kube/config (context kind)`.
    package var source: String
    /// Reads files again whenever they may have been rotated.
    package var readFile: FileReader
    /// Runs credential plugins.
    package var runProgram: ProgramRunner

    package init(
        server: String, tls: TLSOptions = TLSOptions(), credentials: Credentials = .none, namespace: String = "default",
        proxy: HTTPProxy = .none, source: String = "", readFile: FileReader = .system,
        runProgram: @escaping ProgramRunner = Self.runsNothing
    ) {
        self.server = server
        self.tls = tls
        self.credentials = credentials
        self.namespace = namespace
        self.proxy = proxy
        self.source = source
        self.readFile = readFile
        self.runProgram = runProgram
    }

    /// Where there are no programs to run.
    package static let runsNothing: ProgramRunner = { _ in throw ProgramFailure("cannot be run here") }

    /// Keys, tokens and the proxy's password stay out of every log.
    package var description: String { "\(server) from \(source)" }

    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// How requests prove who sends them, beside a client certificate in ``KubeConfiguration/tls``; never printed.
package enum Credentials: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    case none
    case token(String)
    /// Path of a file that somebody rotates, and what to show while it cannot be read.
    case tokenFile(String, fallback: String? = nil)
    /// A program that somebody installed.
    case exec(ExecPlugin)

    package var description: String {
        switch self {
        case .none: "none"
        case .token: "token"
        case .tokenFile(let path, _): "token file \(path)"
        case .exec(let plugin): "credential plugin \(plugin.command)"
        }
    }

    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// The files that parts of a ``TLSOptions`` were read from, and are read from again; nil where there is none.
package struct TLSFiles: Hashable, Sendable {
    package var authorities: String?
    package var clientCertificate: String?
    package var clientKey: String?

    package init() {}
}
