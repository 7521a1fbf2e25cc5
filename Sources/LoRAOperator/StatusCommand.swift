import AdapterController
import ArgumentParser
import CurlHTTP
import DynamicJSON
import Effects
import Glibc
import KubeAPI

/// The fleet: what the API says, held against what every server says.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows every adapter on every server, from the API and live from the servers.",
        discussion: """
            Run it where servers can be reached, like kubectl exec deploy/lora-operator -- lora-operator status. It exits \
            with 1 where the two differ. VLLM_API_KEY holds the key of servers whose adapters name no Secret, and takes \
            exactly one --namespace.
            """)

    enum Output: String, ExpressibleByArgument, CaseIterable { case table, json }

    @OptionGroup var cluster: ClusterFlags

    @Flag(help: "Ask no server: print what the API says.")
    var offline = false

    @Option(name: .shortAndLong, help: "table or json.")
    var output = Output.table

    func run() async throws {
        let configuration = try cluster.configuration()
        var options = OperatorOptions()
        if configuration.isLocal {
            options.namespaces = cluster.namespace
            options.addresses.exactly = { _ in true }
            options.defaultAPIKey = Environment["VLLM_API_KEY"]
        } else {
            cluster.apply(to: &options, of: configuration) { StandardError.write("\($0)\n") }
        }
        let transport = CurlTransport()
        defer { transport.shutdown() }
        let effects = Effects(http: transport, time: SystemTime(), random: SystemRandom())
        let client = KubeClient(configuration: configuration, effects: effects, userAgent: Build.userAgent)
        let progress = ProgressLine()
        let report: FleetReport
        do {
            report = try await FleetInspector(client: client, effects: effects, options: options)
                .report(isLive: !offline) { progress.tell("asked \($0) of \($1) servers") }
        } catch let error as APIError {
            progress.clear()
            throw StartupError("\(error)\(error.remedy.isEmpty ? "" : ": ")\(error.remedy)")
        }
        progress.clear()
        switch output {
        case .json: print(report.json(isOffline: offline).text)
        case .table:
            let isColourful = isatty(STDOUT_FILENO) == 1 && Environment["NO_COLOR"] == nil
            print(StatusTable(report, isOffline: offline, isColourful: isColourful).text)
        }
        if report.differences > 0 { throw ExitCode(1) }
    }
}

extension KubeConfiguration {
    /// Whether this is the API of `lora-operator local`: plain http on this machine, under a secret path.
    ///
    /// Its endpoints are those that its owner named.
    fileprivate var isLocal: Bool {
        guard server.hasPrefix("http://127.0.0.1:") || server.hasPrefix("http://[::1]:") else { return false }
        return server.dropFirst(7).contains("/")
    }
}
