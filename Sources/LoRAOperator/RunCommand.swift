import AdapterController
import ArgumentParser
import CurlHTTP
import Effects
import Glibc
import KubeAPI
import KubeRuntime
import Logging
import Metrics

/// The operator against a cluster.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs the operator against a cluster.",
        discussion:
            "The cluster is that of --kubeconfig, else of KUBECONFIG, else the one it runs in, else of ~/.kube/config.")

    @Option(help: "Path of a kubeconfig file.")
    var kubeconfig: String?

    @Option(help: "Work in this namespace only (repeatable; default all).")
    var namespace: [String] = []

    @Option(
        help: "Allow endpoints without a Pod in this range, like 10.0.0.0/8 (repeatable).", transform: Flags.range)
    var allowEndpointCidr: [CIDR] = []

    @Flag(help: "Allow Pods that use their node's network.")
    var allowHostNetwork = false

    @Flag(help: "Use only Secrets with the label lora-operator.dev/secret=allowed.")
    var requireSecretLabel = false

    @Option(help: "Address for /healthz and /readyz, like :8081; 0 turns it off.")
    var healthProbeBindAddress = ":8081"

    @Option(help: "Address for /metrics, like :8080; 0 turns it off.")
    var metricsBindAddress = ":8080"

    @Option(
        help: "Compare the caches with the API server after each list and so often; 0 turns it off.",
        transform: Flags.durationOrOff)
    var cacheCheckInterval: Duration = .zero

    @OptionGroup var election: LeaderElectionFlags
    @OptionGroup var flags: OperatorFlags

    func run() async throws {
        let logger = flags.log.makeLogger()
        let configuration: KubeConfiguration
        do {
            configuration = try KubeConfiguration.load(
                kubeconfig: kubeconfig, environment: Environment.all, runProgram: SystemProgram.run)
        } catch let problem as KubeConfigurationError {
            throw StartupError("\(problem)")
        }
        var options = flags.options
        options.namespaces = namespace
        options.addresses.allowsHostNetwork = allowHostNetwork
        options.addresses.allowed = allowEndpointCidr
        options.addresses.refused = configuration.addresses
        options.defaultAPIKey = defaultKey(logger)
        options.requiresSecretLabel = requireSecretLabel
        options.cacheCheckInterval = cacheCheckInterval > .zero ? cacheCheckInterval : nil
        let metricsAddress = try BindAddress(metricsBindAddress, flag: "--metrics-bind-address")
        let health = try BindAddress(healthProbeBindAddress, flag: "--health-probe-bind-address")

        let transport = CurlTransport()
        defer { transport.shutdown() }
        var effects = Effects(http: transport, time: SystemTime(), random: SystemRandom())
        let contact = Contact()
        let elector = try election.elector(configuration, effects, contact, logger)
        let metrics = MetricsRegistry()
        ProcessMetrics.collect(
            into: metrics, startedAt: effects.time.unixTime, elector: elector, name: election.leaderElectResourceName)
        let gated = GatedTransport(transport, gate: elector?.gate ?? .open)
        var kubernetes = effects
        kubernetes.http = ProcessMetrics.kubernetes(gated, metrics, host: configuration.authority)
        effects.http = ProcessMetrics.servers(gated, metrics)
        let client = KubeClient(
            configuration: configuration, effects: kubernetes, userAgent: Build.userAgent, contact: contact,
            onWarning: { logger.warning("the API server warns", metadata: ["warning": "\($0)"]) })
        let readiness = Readiness()
        let lora = Operator(
            options: options, client: client, effects: effects, events: .named(client, logger), readiness: readiness,
            metrics: OperatorMetrics(metrics), logger: logger)
        logger.info("starting", metadata: ["version": "\(Build.version)", "server": "\(configuration.server)"])
        try await Lifecycle.run(logger) { stop in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await lora.run { work in
                        guard let elector else { return try await stop.cancels(work) }
                        try await elector.run(until: stop, work)
                    }
                }
                group.addTask {
                    await stop.wait()
                    // Until the caches are there nothing runs that could end in order.
                    if readiness.missing.isEmpty { try await SystemTime().sleep(for: Lifecycle.grace) }
                }
                if let limit = MemoryGuard.limit() {
                    let memory = MemoryGuard(
                        limit: limit, metrics: metrics, time: SystemTime(), logger: logger, shed: Operator.shedCaches)
                    group.addTask { try await memory.run() }
                }
                if let health {
                    group.addTask { try await StatusServer.health(health, readiness: readiness, logger: logger).run() }
                }
                if let metricsAddress {
                    group.addTask {
                        try await StatusServer.metrics(metricsAddress, registry: metrics, logger: logger).run()
                    }
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }

    /// One key for servers of several namespaces would reach servers that it is not for.
    private func defaultKey(_ logger: Logger) -> String? {
        guard let key = Environment["VLLM_API_KEY"] else { return nil }
        if namespace.count == 1 { return key }
        logger.warning("VLLM_API_KEY is ignored: it takes exactly one --namespace")
        return nil
    }
}

extension KubeConfiguration {
    /// Host and port of the API server, as its URL names them.
    fileprivate var authority: String { String(server.drop { $0 != "/" }.drop { $0 == "/" }.prefix { $0 != "/" }) }

    /// The API server's own addresses, as far as its URL and the pod's environment tell: no vLLM server is there.
    fileprivate var addresses: Set<IPAddress> {
        let host = authority
        let named = host.hasPrefix("[") ? host.dropFirst().prefix { $0 != "]" } : host.prefix { $0 != ":" }
        return Set([String(named), Environment["KUBERNETES_SERVICE_HOST"] ?? ""].compactMap(IPAddress.init))
    }
}
