import AdapterController
import ArgumentParser
import CurlHTTP
import Effects
import KubeAPI
import Logging

/// The same operator on an embedded Kubernetes API, for one machine without a cluster.
struct LocalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "local", abstract: "Runs the operator on one machine without a cluster.",
        discussion: """
            It serves a Kubernetes API on loopback and writes a kubeconfig for it. The servers stand behind the Service \
            vllm in the namespace default.
            """)

    @Option(help: "URL of a vLLM server, like http://127.0.0.1:8000 or http://gpu1:8000 (repeatable).")
    var vllm: [String] = []

    @Option(help: "Start so many simulated vLLM servers.")
    var simulate = 0

    @Option(help: "Apply the YAML files of this directory, and again whenever they change.")
    var manifests: String?

    @Option(help: "Keep all objects in this directory, so that a restart or a power cut loses nothing.")
    var state: String?

    @Option(help: "Where to write the kubeconfig.")
    var writeKubeconfig = "lora-operator.kubeconfig"

    @Option(help: "Address of the API; any other than loopback opens it to the network, unencrypted.")
    var address = "127.0.0.1"

    @Option(help: "Port of the API; 0 takes a free one.")
    var port = 0

    @OptionGroup var flags: OperatorFlags

    func validate() throws {
        if vllm.isEmpty, simulate == 0 {
            throw ValidationError("name a server with --vllm http://127.0.0.1:8000, or start some with --simulate 3")
        }
        if !vllm.isEmpty, simulate > 0 { throw ValidationError("--vllm and --simulate exclude each other") }
        guard (0...200).contains(simulate) else { throw ValidationError("--simulate takes a number from 1 to 200") }
        guard (0...65535).contains(port) else { throw ValidationError("--port takes a number from 0 to 65535") }
        guard IPAddress(address) != nil else {
            throw ValidationError("--address '\(address)' is not an IP address; write one like 127.0.0.1")
        }
    }

    func run() async throws {
        let logger = flags.log.makeLogger()
        let servers = try vllm.map(LocalServer.init(url:))
        if let manifests { try ManifestDirectory.check(manifests) }
        let transport = CurlTransport()
        defer { transport.shutdown() }
        let effects = Effects(http: transport, time: SystemTime(), random: SystemRandom())
        if let address = IPAddress(address), !Self.loopback.contains(where: { $0.contains(address) }) {
            logger.warning(
                "whoever can read this traffic can use the API: it is plain http beyond this machine",
                metadata: ["address": "\(self.address)"])
        }
        let session = LocalSession(
            host: address, port: port, state: try openState(), kubeconfigPath: writeKubeconfig, manifests: manifests,
            options: flags.options,
            effects: effects, logger: logger)
        try await Lifecycle.run(logger) { [simulate] stop in
            try await stop.cancels {
                if simulate > 0 {
                    try await session.run(simulating: simulate)
                } else {
                    try await session.run(servers)
                }
            }
        }
    }

    private static let loopback = ["127.0.0.0/8", "::1/128"].compactMap(CIDR.init)

    private func openState() throws -> LocalState? {
        do {
            return try state.map { try LocalState(StateDirectory($0)) }
        } catch let problem as StateProblem {
            throw StartupError("\(problem)")
        }
    }
}
