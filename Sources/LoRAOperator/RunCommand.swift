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

    @OptionGroup var cluster: ClusterFlags

    @Option(help: "Address for /healthz and /readyz, like :8081; 0 turns it off.")
    var healthProbeBindAddress = ":8081"

    @Option(help: "Address for /metrics, like :8080; 0 turns it off.")
    var metricsBindAddress = ":8080"

    @OptionGroup var election: LeaderElectionFlags
    @OptionGroup var flags: OperatorFlags

    func run() async throws {
        let logger = flags.log.makeLogger()
        let configuration = try cluster.configuration()
        var options = flags.options
        cluster.apply(to: &options, of: configuration) { logger.warning("\($0)") }
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
                if let health {
                    group.addTask {
                        try await StatusServer.health(
                            health, readiness: readiness, isHealthy: { elector?.isHealthy ?? true }, logger: logger
                        ).run()
                    }
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
}
