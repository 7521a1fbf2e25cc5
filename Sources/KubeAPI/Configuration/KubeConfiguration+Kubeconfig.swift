import DynamicJSON
import Effects
import FoundationEssentials

extension KubeConfiguration {
    /// What the current context of a kubeconfig, or of several merged, says.
    ///
    /// Every path has to exist: a missing authority or key never leads to a weaker connection.
    static func kubeconfig(
        at paths: [String], readFile: FileReader
    ) throws -> KubeConfiguration {
        var seen: Set<String> = []
        var merged = Kubeconfig()
        for path in paths where seen.insert(path).inserted {
            guard let bytes = readFile(path) else {
                // Without it another file's cluster or user might be meant.
                if readFile.exists(path) {
                    throw KubeConfigurationError(
                        "\(path) is there and cannot be read: correct its mode, or leave it out")
                }
                continue
            }
            merged.add(try KubeconfigFile.read(bytes, path: path))
        }
        return try merged.configuration(source: paths.joined(separator: ":"), readFile: readFile)
    }
}

extension Kubeconfig {
    fileprivate func configuration(source: String, readFile: FileReader) throws -> KubeConfiguration {
        guard let name = currentContext else {
            throw KubeConfigurationError(
                "\(source) has no current-context: choose one with `kubectl config use-context NAME`")
        }
        guard let context = contexts[name] else {
            throw KubeConfigurationError(
                "\(source) has no context \"\(name)\": choose another with `kubectl config use-context NAME`")
        }
        guard let cluster = context.cluster.flatMap({ clusters[$0] }), let server = cluster.server else {
            throw KubeConfigurationError(
                "\(source) has no server for context \"\(name)\": add it with `kubectl config set-cluster`")
        }
        guard let user = context.user?.nonEmpty.map({ users[$0] }) ?? User() else {
            throw KubeConfigurationError(
                "\(source) has no user \"\(context.user ?? "")\": add it with `kubectl config set-credentials`")
        }
        if let problem = user.problem {
            throw KubeConfigurationError("\(source): user \"\(context.user ?? "")\": \(problem)")
        }
        let tls = try tls(of: cluster, user: user, source: source, readFile: readFile)
        var configuration = KubeConfiguration(
            server: try ServerURL.checked(server, source: source), tls: tls,
            namespace: context.namespace ?? "default", proxy: try proxy(of: cluster, source: source),
            source: "\(source) (context \(name))", readFile: readFile)
        configuration.credentials = try credentials(of: user, cluster, configuration, source: source)
        configuration.impersonation = user.impersonation
        configuration.acceptsCompression = cluster.acceptsCompression
        configuration.tlsFiles.authorities = cluster.authority?.path
        configuration.tlsFiles.clientCertificate = user.certificate?.path
        configuration.tlsFiles.clientKey = user.key?.path
        return configuration
    }

    /// As for kubectl, a token spares the plugin.
    private func credentials(
        of user: User, _ cluster: Cluster, _ configuration: KubeConfiguration, source: String
    ) throws -> Credentials {
        if let path = user.tokenFile {
            let content = configuration.readFile(path) ?? []
            guard user.token != nil || !String(decoding: content, as: UTF8.self).trimmed.isEmpty else {
                throw KubeConfigurationError(
                    "\(source): tokenFile \(path) is missing or empty: correct the path or its mode")
            }
            return .tokenFile(path, fallback: user.token)
        }
        if let token = user.token { return .token(token) }
        guard var plugin = user.exec else { return .none }
        if user.providesClusterInfo { plugin.cluster = configuration.pluginCluster(cluster) }
        return .exec(plugin)
    }

    private func tls(
        of cluster: Cluster, user: User, source: String, readFile: FileReader
    ) throws -> TLSOptions {
        var tls = TLSOptions()
        let reader = MaterialReader(source: source, readFile: readFile)
        tls.authorities = try cluster.authority.map { try reader.read($0, "certificate-authority") }
        tls.clientCertificate = try user.certificate.map { try reader.read($0, "client-certificate") }
        tls.clientKey = try user.key.map { try reader.read($0, "client-key") }
        tls.serverName = cluster.tlsServerName
        tls.verifies = !cluster.skipsVerification
        guard (tls.clientCertificate == nil) == (tls.clientKey == nil) else {
            throw KubeConfigurationError(
                "\(source) has a client-certificate or a client-key without the other: give both or neither")
        }
        guard tls.verifies || tls.authorities == nil else {
            throw KubeConfigurationError(
                "\(source) has both a certificate-authority and insecure-skip-tls-verify: remove the latter")
        }
        return tls
    }

    private func proxy(of cluster: Cluster, source: String) throws -> HTTPProxy {
        guard let url = cluster.proxyURL else { return .none }
        guard ["http://", "https://", "socks5://"].contains(where: url.lowercased().hasPrefix) else {
            // The URL itself may hold a password.
            throw KubeConfigurationError("\(source) has a proxy-url that begins with neither http, https nor socks5")
        }
        return .url(url)
    }
}

extension KubeConfiguration {
    /// The cluster as `KUBERNETES_EXEC_INFO` describes it.
    fileprivate func pluginCluster(_ cluster: Kubeconfig.Cluster) -> JSONValue {
        var members: [String: JSONValue] = ["server": .string(server)]
        members["tls-server-name"] = tls.serverName.map { .string($0) }
        if !tls.verifies { members["insecure-skip-tls-verify"] = true }
        members["certificate-authority-data"] = tls.authorities.map { .string(Data($0).base64EncodedString()) }
        members["proxy-url"] = cluster.proxyURL.map { .string($0) }
        if !acceptsCompression { members["disable-compression"] = true }
        members["config"] = cluster.pluginConfiguration
        return .object(members)
    }
}

extension Kubeconfig.Material {
    fileprivate var path: String? { if case .file(let path) = self { path } else { nil } }
}

/// Reads certificates and keys.
struct MaterialReader {
    var source: String
    var readFile: FileReader

    func read(_ material: Kubeconfig.Material, _ field: String) throws -> [UInt8] {
        switch material {
        case .data(let base64):
            guard let data = Data(base64Encoded: base64.filter { !$0.isWhitespace }) else {
                throw KubeConfigurationError("\(source): \(field)-data is not base64: encode the PEM file again")
            }
            return try pem([UInt8](data), "\(source): \(field)-data")
        case .file(let path):
            guard let bytes = readFile(path) else {
                throw KubeConfigurationError("\(source): \(field) \(path) cannot be read: correct the path or its mode")
            }
            return try pem(bytes, path)
        }
    }

    func pem(_ bytes: [UInt8], _ name: String) throws -> [UInt8] {
        guard PEM.isWhole(bytes) else {
            throw KubeConfigurationError(
                "\(name) is not PEM, or not all of it: write it anew, from -----BEGIN to -----END")
        }
        return bytes
    }
}
