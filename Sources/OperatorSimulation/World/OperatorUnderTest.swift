package import AdapterController
import Effects
import KubeAPI
import KubeRuntime
import Logging

extension OperatorScenario {
    /// The project's operator, as `lora-operator run` puts it together, but for leader election and the status server.
    package static func standard(definitions: [String]) -> OperatorScenario {
        let settings = WorldSettings(definitions: definitions)
        return OperatorScenario(settings, main: main(probeInterval: settings.probeInterval))
    }

    /// One process of that operator.
    ///
    /// `configure` changes what its command line says.
    package static func main(
        probeInterval: Duration, configure: @escaping @Sendable (inout OperatorOptions) -> Void = { _ in }
    ) -> OperatorMain {
        { http, simulation in
            let effects = Effects(http: http, time: simulation, random: simulation)
            let configuration = KubeConfiguration(server: World.kubeURL, namespace: World.namespace)
            let client = KubeClient(configuration: configuration, effects: effects, userAgent: "simulate-operator")
            var options = OperatorOptions()
            options.probeInterval = probeInterval
            options.cacheCheckInterval = .seconds(300)
            options.onInconsistentCache = { simulation.violate("the store equals the truth", "that of \($0) did not") }
            configure(&options)
            let logger = Logger(label: http.process.name) { TraceLog(process: $0, simulation: simulation) }
            let events = EventRecorder(
                client: client, controller: "lora-operator.dev/operator", instance: http.process.name, logger: logger)
            try await Operator(options: options, client: client, effects: effects, events: events, logger: logger).run()
        }
    }
}

extension OutageScenario {
    /// The project's operator.
    package static func standard(definitions: [String]) -> OutageScenario {
        let settings = WorldSettings(definitions: definitions)
        return OutageScenario(settings, main: OperatorScenario.main(probeInterval: settings.probeInterval))
    }
}

extension StoryScenario {
    /// The project's operator.
    package static func standard(definitions: [String]) -> StoryScenario {
        let settings = WorldSettings(definitions: definitions)
        return StoryScenario(settings, main: OperatorScenario.main(probeInterval: settings.probeInterval))
    }
}

/// Writes what the operator logs into the trace.
private struct TraceLog: LogHandler {
    let process: String
    let simulation: Simulation
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, last in last }
        let pairs = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        simulation.trace("\(process) \(event.level): \(event.message)\(pairs)")
    }
}
