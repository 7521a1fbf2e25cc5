import ArgumentParser
import CurlHTTP
import Effects
import FoundationEssentials
import KubeAPI
import KubeRuntime
import Logging

/// Flags of leader election, named as Kubernetes' own components name them.
struct LeaderElectionFlags: ParsableArguments {
    @Flag(help: "Let one of several replicas act, by a Lease.")
    var leaderElect = false

    @Option(help: "Namespace of the Lease (default: that of the pod or the kubeconfig).")
    var leaderElectResourceNamespace: String?

    @Option(help: "Name of the Lease.")
    var leaderElectResourceName = "lora-operator"

    @Option(help: "How long others wait after the leader's last renewal.", transform: Flags.duration)
    var leaderElectLeaseDuration: Duration = .seconds(15)

    @Option(help: "How long after its last renewal the leader may act.", transform: Flags.duration)
    var leaderElectRenewDeadline: Duration = .seconds(10)

    @Option(help: "Time between two attempts.", transform: Flags.duration)
    var leaderElectRetryPeriod: Duration = .seconds(2)

    /// The elector, where one was asked for.
    func elector(
        _ configuration: KubeConfiguration, _ effects: Effects, _ contact: Contact, _ logger: Logger
    ) throws -> LeaderElector? {
        guard leaderElect else { return nil }
        let namespace = leaderElectResourceNamespace ?? Environment["POD_NAMESPACE"] ?? configuration.namespace
        let lease: LeaseConfiguration
        do {
            lease = try LeaseConfiguration(
                lease: NamespacedName(namespace: namespace, name: leaderElectResourceName),
                identity: "\(Environment.podName)_\(UUID().uuidString.lowercased())",
                leaseDuration: leaderElectLeaseDuration, renewDeadline: leaderElectRenewDeadline,
                retryPeriod: leaderElectRetryPeriod)
        } catch let problem as LeaseConfiguration.Invalid {
            throw StartupError.usage("\(problem); see --leader-elect-lease-duration and its neighbours")
        }
        let client = KubeClient(
            configuration: configuration, effects: effects, userAgent: Build.userAgent, contact: contact)
        return LeaderElector(configuration: lease, client: client, logger: logger)
    }
}

extension LeaderElector {
    /// Leads, or waits to lead, until `stop` fires: a leader ends its work first and gives the Lease back last.
    func run(until stop: StopSignal, _ work: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.run { try await stop.cancels(work) } }
            group.addTask {
                await stop.wait()
                if self.isLeading { try await SystemTime().sleep(for: Lifecycle.grace) }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
