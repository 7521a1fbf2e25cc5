import Effects

extension KubeConfiguration {
    /// Where kubelet puts what a pod needs to speak to its API server.
    package static let serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// Finds the configuration: `--kubeconfig`, then `KUBECONFIG`, then the pod's own, then the home kubeconfig.
    ///
    /// Where no kubeconfig names a proxy, `HTTPS_PROXY` and `NO_PROXY` count, as they do for kubectl. Throws
    /// ``KubeConfigurationError`` with a sentence for whoever started the program.
    package static func load(
        kubeconfig flag: String? = nil, environment: [String: String], readFile: FileReader = .system,
        serviceAccount directory: String = serviceAccountDirectory,
        runProgram: @escaping ProgramRunner = runsNothing
    ) throws -> KubeConfiguration {
        var configuration = try find(flag, environment, readFile, serviceAccount: directory)
        configuration.runProgram = runProgram
        if configuration.proxy == .none {
            configuration.proxy = EnvironmentProxy(environment).proxy(for: configuration.server)
        }
        return configuration
    }

    private static func find(
        _ flag: String?, _ environment: [String: String], _ readFile: FileReader, serviceAccount directory: String
    ) throws -> KubeConfiguration {
        if let flag {
            guard readFile(flag) != nil else {
                throw KubeConfigurationError("\(flag) cannot be read: correct --kubeconfig")
            }
            return try kubeconfig(at: [flag], readFile: readFile)
        }
        if let list = environment["KUBECONFIG"]?.nonEmpty {
            let paths = list.split(separator: ":").map(String.init)
            guard paths.contains(where: { readFile($0) != nil }) else {
                throw KubeConfigurationError("KUBECONFIG names no file that can be read (\(list)): correct or unset it")
            }
            return try kubeconfig(at: paths, readFile: readFile)
        }
        if environment["KUBERNETES_SERVICE_HOST"]?.nonEmpty != nil {
            return try inCluster(environment: environment, readFile: readFile, serviceAccount: directory)
        }
        let home = (environment["HOME"]?.nonEmpty ?? "/root") + "/.kube/config"
        guard readFile(home) != nil else {
            throw KubeConfigurationError(
                "there is no cluster to connect to: set KUBECONFIG, give --kubeconfig, or create \(home)")
        }
        return try kubeconfig(at: [home], readFile: readFile)
    }

    /// The configuration of a pod: environment variables and the files of its service account.
    package static func inCluster(
        environment: [String: String], readFile: FileReader = .system,
        serviceAccount directory: String = serviceAccountDirectory
    ) throws -> KubeConfiguration {
        guard let host = environment["KUBERNETES_SERVICE_HOST"]?.nonEmpty,
            let port = environment["KUBERNETES_SERVICE_PORT"]?.nonEmpty
        else {
            throw KubeConfigurationError(
                "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must both be set in a pod: give --kubeconfig elsewhere"
            )
        }
        let token = "\(directory)/token"
        guard let bytes = readFile(token), !String(decoding: bytes, as: UTF8.self).trimmed.isEmpty else {
            throw KubeConfigurationError(
                "\(token) is missing or empty: set automountServiceAccountToken: true on the pod")
        }
        let authority = "\(directory)/ca.crt"
        guard let certificates = readFile(authority), !certificates.isEmpty else {
            throw KubeConfigurationError(
                "\(authority) is missing or empty: without it the API server cannot be verified; check the pod's service account volume"
            )
        }
        let reader = MaterialReader(source: "in-cluster", readFile: readFile)
        var tls = TLSOptions()
        tls.authorities = try reader.pem(certificates, authority)
        let mounted = readFile("\(directory)/namespace").map { String(decoding: $0, as: UTF8.self).trimmed }
        guard let namespace = environment["POD_NAMESPACE"]?.nonEmpty ?? mounted?.nonEmpty else {
            throw KubeConfigurationError("\(directory)/namespace is missing: set POD_NAMESPACE from metadata.namespace")
        }
        let server = try ServerURL.checked("https://\(host.urlHost):\(port)", source: "KUBERNETES_SERVICE_HOST")
        var configuration = KubeConfiguration(
            server: server, tls: tls, credentials: .tokenFile(token), namespace: namespace, source: "in-cluster",
            readFile: readFile)
        configuration.tlsFiles.authorities = authority
        return configuration
    }
}
