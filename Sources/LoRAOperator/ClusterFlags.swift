import AdapterController
import ArgumentParser
import Effects
import KubeAPI

/// Flags that `run` and `status` share: the cluster, and whom in it one of them may ask.
struct ClusterFlags: ParsableArguments {
    @Option(help: "Path of a kubeconfig file.")
    var kubeconfig: String?

    @Option(name: .shortAndLong, help: "Only this namespace (repeatable; default all).")
    var namespace: [String] = []

    @Option(
        help: "Allow endpoints without a Pod in this range, like 10.0.0.0/8 (repeatable).", transform: Flags.range)
    var allowEndpointCidr: [CIDR] = []

    @Flag(help: "Allow Pods that use their node's network.")
    var allowHostNetwork = false

    @Flag(help: "Use only Secrets with the label lora-operator.dev/secret=allowed.")
    var requireSecretLabel = false

    func configuration() throws -> KubeConfiguration {
        do {
            return try KubeConfiguration.load(
                kubeconfig: kubeconfig, environment: Environment.all, runProgram: SystemProgram.run)
        } catch let problem as KubeConfigurationError {
            throw StartupError("\(problem)")
        }
    }

    /// Puts them into `options`; `warn` hears what is ignored.
    func apply(to options: inout OperatorOptions, of cluster: KubeConfiguration, warn: (String) -> Void) {
        options.namespaces = namespace
        options.addresses.allowed = allowEndpointCidr
        options.addresses.allowsHostNetwork = allowHostNetwork
        options.addresses.refused = cluster.addresses
        options.requiresSecretLabel = requireSecretLabel
        guard let key = Environment["VLLM_API_KEY"] else { return }
        // One key for servers of several namespaces would reach servers that it is not for.
        if namespace.count == 1 {
            options.defaultAPIKey = key
        } else {
            warn("VLLM_API_KEY is ignored: it takes exactly one --namespace")
        }
    }
}

extension KubeConfiguration {
    /// Host and port of the API server, as its URL names them.
    var authority: String { String(server.drop { $0 != "/" }.drop { $0 == "/" }.prefix { $0 != "/" }) }

    /// The API server's own addresses, as far as its URL and the pod's environment tell: no vLLM server is there.
    fileprivate var addresses: Set<IPAddress> {
        let host = authority
        let named = host.hasPrefix("[") ? host.dropFirst().prefix { $0 != "]" } : host.prefix { $0 != ":" }
        return Set([String(named), Environment["KUBERNETES_SERVICE_HOST"] ?? ""].compactMap(IPAddress.init))
    }
}
