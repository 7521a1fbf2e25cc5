import AdapterController
import Effects
import Glibc
import HTTPServer
import KubeAPI
import KubeRuntime
import Logging
import VLLMSimulator

/// One run of `local`: the embedded API, the operator on it, and perhaps simulated servers and a watched directory.
struct LocalSession: Sendable {
    /// Between two look-ups of the servers' names.
    static let lookUpInterval = Duration.seconds(30)

    /// Where the API listens.
    var host: String
    var port: Int
    /// What outlives the process; nil: nothing.
    var state: LocalState?
    var kubeconfigPath: String
    var manifests: String?
    var options: OperatorOptions
    var effects: Effects
    var logger: Logger

    /// Runs over real servers.
    func run(_ servers: [LocalServer]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await run(servers, fleet: nil, in: &group)
        }
    }

    /// Runs over `count` simulated servers, each at an address of its own.
    func run(simulating count: Int) async throws {
        var configuration = ServerConfiguration()
        // Long enough to be seen in status, short enough not to be waited for.
        configuration.loadDuration = .milliseconds(300)
        let fleet = SimulatedFleet(
            count: count, configuration, time: effects.time, random: effects.random, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let servers = try await fleet.start(in: &group)
            try await run(servers, fleet: fleet, in: &group)
        }
    }

    private func run(
        _ servers: [LocalServer], fleet: SimulatedFleet?, in group: inout ThrowingTaskGroup<Void, any Error>
    ) async throws {
        defer { group.cancelAll() }
        let cluster: LocalCluster
        do {
            cluster = try LocalCluster(servers, state: state, time: effects.time, random: effects.random)
        } catch let problem as StateProblem {
            throw StartupError("\(problem)")
        }
        if let unfinished = state?.log.unfinished, unfinished > 0 {
            logger.warning(
                "the last change before the process ended was never finished, and is dropped",
                metadata: ["bytes": "\(unfinished)"])
        }
        let url = try await serve(cluster, fleet: fleet, in: &group)
        try Kubeconfig.write(server: url, to: kubeconfigPath)
        defer { Kubeconfig.remove(kubeconfigPath) }
        tell(servers)

        var options = options
        options.namespaces = [LocalCluster.namespace]
        let endpoints = cluster.endpoints
        options.addresses.exactly = { endpoints.allows($0) }
        if !endpoints.names.isEmpty {
            group.addTask { try await cluster.followNames(effects.time, every: Self.lookUpInterval) }
        }
        options.defaultAPIKey = Environment["VLLM_API_KEY"]
        let client = KubeClient(
            configuration: KubeConfiguration(server: url, source: kubeconfigPath), effects: effects,
            userAgent: Build.userAgent)
        let lora = Operator(
            options: options, client: client, effects: effects, events: .named(client, logger), logger: logger)
        group.addTask { try await lora.run() }
        if let manifests {
            let directory = ManifestDirectory(path: manifests, client: client, time: effects.time, logger: logger)
            group.addTask { try await directory.watch() }
        }
        try await group.next()
    }

    /// Gives the API a socket on loopback and returns its URL.
    private func serve(
        _ cluster: LocalCluster, fleet: SimulatedFleet?, in group: inout ThrowingTaskGroup<Void, any Error>
    ) async throws -> String {
        var handler: any HTTPHandler = cluster.api
        if let fleet {
            handler = FleetControl(prefix: cluster.pathPrefix, servers: fleet.servers, next: handler)
        }
        let server = HTTPServer(host: host, port: port, handler: handler, logger: logger)
        let (bound, report) = AsyncThrowingStream.makeStream(of: Int.self)
        group.addTask {
            do {
                try await server.run { report.yield($0) }
            } catch {
                report.finish(throwing: error)
                throw error
            }
        }
        for try await port in bound { return "http://\(urlHost):\(port)\(cluster.pathPrefix)" }
        throw CancellationError()
    }

    /// How this machine reaches the API.
    private var urlHost: String {
        switch host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "[::1]"
        default: host.urlHost
        }
    }

    private func tell(_ servers: [LocalServer]) {
        let names = servers.map { "\($0.name) (\($0.host.urlHost):\($0.port))" }.joined(separator: ", ")
        print("The servers \(names) stand behind the Service vllm in the namespace default.")
        print("Use them with: export KUBECONFIG=\(kubeconfigPath)")
        // A log file or journal gets it now, not at the end.
        fflush(nil)
    }
}

extension EventRecorder {
    /// The recorder of this process, signed as every event of the operator is.
    static func named(_ client: KubeClient, _ logger: Logger) -> EventRecorder {
        EventRecorder(
            client: client, controller: "lora-operator.dev/operator", instance: Environment.podName, logger: logger)
    }
}
