import DynamicJSON
import TestSupport
import Testing
import VLLMSimulator

extension EndToEnd {
    /// While nothing changes.
    @Suite struct Rest {
        @Test(arguments: Backend.available, [1, 20])
        func `at rest nothing is written, and each server is asked two things an interval`(
            _ backend: Backend, _ adapters: Int
        ) async throws {
            try await Cluster.run(on: backend) { cluster in
                let names = (0..<adapters).map { "adapter-\($0)" }
                for name in names { try await cluster.apply(name, path: "/adapters/\(name)") }
                var versions: [String?] = []
                for name in names {
                    versions.append(try await cluster.adapter(name, reaches: "Ready", "3/3").resourceVersion)
                }
                // What the lists that confirm the last loads say of the model.
                var model: JSONValue?
                let isTold = try await eventually {
                    model = try await cluster.api.list("servedmodels").first
                    return model?["status", "servers"] == "3/3" && model?["status", "version"] != nil
                        && model?["status", "adapters", "managed"] == .int(Int64(adapters))
                        && model?["status", "adapters", "unmanagedCount"] == 0
                }
                try #require(isTold, "\(String(describing: model))")
                try await cluster.probes(3)
                let writes = try cluster.traffic.writes.count
                let before = cluster.servers.map { Counts($0) }
                let began = ContinuousClock.now

                try await cluster.probes(10)

                let after = cluster.servers.map { Counts($0) }
                let intervals = (ContinuousClock.now - began) / Cluster.probeInterval
                let newWrites = try cluster.traffic.writes.dropFirst(writes)
                #expect(newWrites.isEmpty)
                for (before, after) in zip(before, after) {
                    let models = after.models - before.models
                    #expect(Double(models) <= intervals + 1)
                    #expect(abs(after.health - before.health - models) <= 1)
                    #expect(after.rest == before.rest)
                }
                for (name, version) in zip(names, versions) {
                    #expect(try await cluster.adapter(name)?.resourceVersion == version)
                }
            }
        }

        private struct Counts {
            var health: Int
            var models: Int
            /// All other requests, loads and unloads among them.
            var rest: Int

            init(_ server: ModelServer) {
                (health, models) = (server.vllm.requestCount(.health), server.vllm.requestCount(.models))
                rest = server.vllm.requestCount - health - models
            }
        }
    }
}
