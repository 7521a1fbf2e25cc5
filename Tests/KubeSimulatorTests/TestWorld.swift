import DynamicJSON
import Effects
import FoundationEssentials
import KubeSimulator
import Synchronization
import TestSupport

/// Time that passes only by sleeping: every sleep returns at once and sets the clock on.
final class SkippingTime: TimeSource {
    private let elapsed = Mutex(Duration.zero)

    var now: Duration { elapsed.withLock { $0 } }
    var unixTime: Double { 1_795_000_000 + Double(now.components.seconds) }

    func sleep(for duration: Duration) async throws {
        // Those who wait for something else go first.
        for _ in 0..<20 { await Task.yield() }
        try Task.checkCancellation()
        elapsed.withLock { $0 += duration }
    }
}

/// The definition that the recordings were made with.
func referenceDefinition() throws -> String { try Recording.named("006-create-crd").body }

func makeSimulator(_ change: (inout KubeSimulator.Configuration) -> Void = { _ in }) throws -> KubeSimulator {
    var configuration = KubeSimulator.Configuration()
    configuration.customResourceDefinitions = [try referenceDefinition()]
    change(&configuration)
    return try KubeSimulator(configuration, time: SkippingTime(), random: SeededRandom())
}

extension KubeSimulator {
    struct Answer: Sendable {
        var status: Int
        var headers: [HTTPHeader]
        var bytes: [UInt8]

        var text: String { String(decoding: bytes, as: UTF8.self) }
        var json: JSONValue { (try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))) ?? .null }
        /// A watch's events, a line each.
        var lines: [JSONValue] {
            bytes.split(separator: 0x0A).map { (try? JSONDecoder().decode(JSONValue.self, from: Data($0))) ?? .null }
        }
    }

    func ask(
        _ method: HTTPRequest.Method = .get, _ target: String, type: String = "application/json", accept: String? = nil,
        agent: String = "tester", _ body: JSONValue? = nil
    ) async throws -> Answer {
        var headers = [HTTPHeader("User-Agent", agent)]
        if let accept { headers.append(HTTPHeader("Accept", accept)) }
        if body != nil { headers.append(HTTPHeader("Content-Type", type)) }
        return try await answer(to: HTTPRequest(method, target, headers: headers, body: body?.encoded))
    }

    func answer(to request: HTTPRequest) async throws -> Answer {
        let response = try await respond(to: request)
        var bytes: [UInt8] = []
        for try await chunk in response.body { bytes += chunk }
        return Answer(status: response.head.status, headers: response.head.headers, bytes: bytes)
    }
}

let adapters = "/apis/lora-operator.dev/v1alpha1/namespaces/default/loraadapters"

/// A LoRAAdapter as a user writes it.
func adapter(_ name: String, path: String? = nil, in namespace: String = "default") -> JSONValue {
    [
        "apiVersion": "lora-operator.dev/v1alpha1", "kind": "LoRAAdapter",
        "metadata": ["name": .string(name), "namespace": .string(namespace)],
        "spec": ["loraPath": .string(path ?? "/adapters/\(name)"), "target": ["service": ["name": "vllm"]]],
    ]
}
