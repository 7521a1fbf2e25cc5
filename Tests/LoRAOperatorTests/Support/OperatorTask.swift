import AdapterController
import CurlHTTP
import Effects
import KubeAPI
import KubeRuntime
import Logging

/// One life of the operator: what a process would be.
final class OperatorTask: Sendable {
    let readiness = Readiness()
    let traffic: RecordingTransport
    private let curl = CurlTransport()
    private let task: Task<Void, any Error>

    init(_ options: OperatorOptions, _ configuration: KubeConfiguration) {
        let traffic = RecordingTransport(curl)
        self.traffic = traffic
        let effects = Effects(
            http: GatedTransport(traffic, gate: .open), time: SystemTime(), random: SystemRandom())
        let client = KubeClient(configuration: configuration, effects: effects, userAgent: "end-to-end-test")
        let events = EventRecorder(
            client: client, controller: "lora-operator.dev/operator", instance: "test", logger: .operator)
        let lora = Operator(
            options: options, client: client, effects: effects, events: events, readiness: readiness,
            logger: .operator)
        task = Task { try await lora.run() }
    }

    func stop() async {
        task.cancel()
        _ = await task.result
        curl.shutdown()
    }
}
