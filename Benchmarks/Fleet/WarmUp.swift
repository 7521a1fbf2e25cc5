import CurlHTTP
import DynamicJSON
import Effects
import KubeSimulator

/// The caches of a standby: how long it takes to fill them, and what an object in them costs.
struct WarmUp {
    var objects: Int
    /// Whether the API server streams lists.
    var streams: Bool
    var time: any TimeSource

    /// The network is this measurement's own.
    private static let probes = "127.0.0.1:8081"
    private static let flags = [
        "--leader-elect", "--leader-elect-resource-namespace", Stage.namespace, "--health-probe-bind-address", probes,
    ]

    func measure(on stage: Stage, _ start: ([String]) throws -> OperatorProcess) async throws -> Figures {
        var figures = Figures(scenario: "\(objects) objects in a standby's cache, \(streams ? "streamed" : "in pages")")
        // Somebody else leads, for longer than anybody measures.
        try stage.api.create([
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": ["name": "lora-operator", "namespace": .string(Stage.namespace)],
            "spec": ["holderIdentity": "another", "leaseDurationSeconds": 86400],
        ])
        let empty = try await run(stage, start)
        let text = JSONValue.string(String(repeating: "what others wrote here ", count: 90))
        for number in 0..<objects {
            var adapter = Stage.adapter("adapter-\(number)", path: "/adapters/adapter-\(number)", replicas: nil)
            adapter["metadata", "annotations"] = ["example.org/note": text]
            try stage.api.create(adapter)
        }
        let full = try await run(stage, start)
        figures.add("caches filled, from the start of the process on", full.seconds, "s")
        figures.add("the same without objects", empty.seconds, "s")
        figures.add("RSS", full.resident, "MiB")
        figures.add("RSS most", full.most, "MiB")
        figures.add("RSS without objects", empty.resident, "MiB")
        figures.add("memory an object", (full.resident - empty.resident) * 1_048_576 / Double(objects), "bytes")
        return figures
    }

    /// A process from its start until it is ready, which a standby is once its caches are filled, and its memory then.
    private func run(
        _ stage: Stage, _ start: ([String]) throws -> OperatorProcess
    ) async throws -> (seconds: Double, resident: Double, most: Double) {
        _ = try await time.wait("the watches of the last process end") { stage.api.watchCount == 0 }
        let began = time.now
        let process = try start(Self.flags)
        defer { process.kill() }
        let http = CurlTransport()
        defer { http.shutdown() }
        let question = HTTPRequest(.get, "http://\(Self.probes)/readyz")
        let filled = try await time.wait("all caches are filled") {
            (try? await http.send(question))?.head.status == 200
        }
        try await time.sleep(for: .seconds(2))
        return ((filled - began).seconds, process.memory("VmRSS:"), process.memory("VmHWM:"))
    }
}
