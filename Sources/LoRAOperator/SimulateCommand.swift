import ArgumentParser
import CurlHTTP
import Effects
import Glibc
import HTTPServer
import Logging
import VLLMSimulator

/// Simulated vLLM servers for others to test against.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Runs simulated vLLM servers for others to test against.",
        discussion: """
            They hold no model: they answer the routes for adapters, /v1/models, /health, /version, /metrics and short \
            completions as vLLM of the chosen version does. The control port breaks and mends them: docs/simulate.md.
            """)

    @Option(help: "How many servers.")
    var count = 1

    @Option(help: "Address of a server (repeatable; default 127.0.0.1 for all, each with a port of its own).")
    var address: [String] = []

    @Option(help: "Port of the first server; those at the same address take the next ones. 0 takes free ports.")
    var port = 8000

    @Option(help: "Port on 127.0.0.1 where faults are switched; 0 takes a free one.")
    var controlPort = 0

    @Option(help: "The vLLM version to speak as, from 0.8.5.", transform: SimulateCommand.version)
    var vllmVersion = VLLMVersion.newest

    @Option(help: "Id of the base model (repeatable: --served-model-name).")
    var baseModel: [String] = []

    @Option(help: "--max-lora-rank.")
    var maxLoraRank = 16

    @Option(help: "--api-key.")
    var apiKey: String?

    @Option(help: "How long a load takes.", transform: Flags.duration)
    var loadDuration: Duration = .milliseconds(300)

    @Option(
        help:
            "Adapters that stay in memory (--max-loras); the others are read again from the files of the control port.")
    var maxLoras = 2

    @Option(help: "VLLM_LORA_RESOLVER_CACHE_DIR, its files told at the control port.")
    var resolverDirectory: String?

    @Flag(help: "Without VLLM_ALLOW_RUNTIME_LORA_UPDATING.")
    var disableRuntimeUpdates = false

    @Flag(help: "Without --enable-lora.")
    var disableLora = false

    @OptionGroup var log: LogFlags

    func validate() throws {
        guard (1...1000).contains(count) else { throw ValidationError("--count takes a number from 1 to 1000") }
        guard (0...65535).contains(port) else { throw ValidationError("--port takes a number from 0 to 65535") }
        guard (0...65535).contains(controlPort) else {
            throw ValidationError("--control-port takes a number from 0 to 65535")
        }
        guard address.isEmpty || address.count == 1 || address.count == count else {
            throw ValidationError("--address is given once, or once for each of the \(count) servers")
        }
        for address in address where IPAddress(address) == nil {
            throw ValidationError("--address '\(address)' is not an address; write one like 127.0.0.2")
        }
        if address.count <= 1, port != 0, port + count - 1 > 65535 {
            throw ValidationError("--port \(port) leaves no room for \(count) ports")
        }
        guard maxLoras > 0 else { throw ValidationError("--max-loras must be at least 1") }
        guard maxLoraRank > 0 else { throw ValidationError("--max-lora-rank must be at least 1") }
    }

    func run() async throws {
        let logger = log.makeLogger()
        let (time, random) = (SystemTime(), SystemRandom())
        let fleet = SimulatedFleet(count: count, serverConfiguration, time: time, random: random, logger: logger)
        let places = (0..<count).map { index in
            let host = address.count > 1 ? address[index] : address.first ?? "127.0.0.1"
            return (host: host, port: address.count > 1 || port == 0 ? port : port + index)
        }
        let control = HTTPServer(
            host: "127.0.0.1", port: controlPort, handler: FleetControl(servers: fleet.servers), logger: logger)
        try await Lifecycle.run(logger) { stop in
            try await stop.cancels {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    defer { group.cancelAll() }
                    let bound = try await fleet.start(at: places, in: &group)
                    for (index, server) in bound.enumerated() {
                        print("vllm-\(index) http://\(server.host.urlHost):\(server.port)")
                    }
                    fflush(nil)
                    group.addTask {
                        try await control.run {
                            print("control http://127.0.0.1:\($0)/simulator")
                            fflush(nil)
                        }
                    }
                    try await group.next()
                }
            }
        }
    }

    private var serverConfiguration: ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.version = vllmVersion
        if !baseModel.isEmpty { configuration.servedNames = baseModel }
        configuration.maxRank = maxLoraRank
        configuration.maxLoras = maxLoras
        configuration.resolverDirectory = resolverDirectory
        configuration.apiKey = apiKey
        configuration.loadDuration = loadDuration
        configuration.allowsRuntimeUpdates = !disableRuntimeUpdates
        configuration.enablesLoRA = !disableLora
        return configuration
    }

    private static func version(_ text: String) throws -> VLLMVersion {
        guard let version = VLLMVersion(text), version >= VLLMVersion(0, 8, 5), version <= .newest else {
            throw ValidationError(
                "'\(text)' is not a version that can be simulated; write one from 0.8.5 to \(VLLMVersion.newest)")
        }
        return version
    }
}
