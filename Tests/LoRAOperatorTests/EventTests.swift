import DynamicJSON
import TestSupport
import Testing
import VLLMSimulator

extension EndToEnd {
    /// What `kubectl describe` tells of an adapter's story.
    @Suite struct Events {
        @Test(arguments: Backend.available)
        func `a roll-out over all servers is one event`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")

                #expect(try await eventually { try await reasons(cluster) == ["Normal Loaded"] })
                try await cluster.probes(3)
                let told = try await reasons(cluster)
                #expect(told == ["Normal Loaded"])
            }
        }

        @Test(arguments: Backend.available)
        func `a server that goes and returns is told`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")

                cluster.servers[1].vllm.goDown()
                #expect(try await eventually { try await reasons(cluster).contains("Warning ServerUnreachable") })

                cluster.servers[1].vllm.comeUp()
                #expect(try await eventually { try await reasons(cluster).contains("Normal ServerRecovered") })
            }
        }

        @Test(arguments: Backend.available)
        func `servers that a deletion gave up on are named`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply(spec: ["deletion": ["timeout": "0s"]])
                try await cluster.adapter(reaches: "Ready", "3/3")
                cluster.servers[2].vllm.goDown()
                try await cluster.adapter(reaches: "Degraded", "2/3")

                try await cluster.delete()
                try await cluster.adapterGoes()

                #expect(try await eventually { try await reasons(cluster).contains("Warning UnloadAbandoned") })
                let event = try await cluster.api.list("events").first { $0["reason"] == "UnloadAbandoned" }
                #expect(event?["note"]?.stringValue?.contains("vllm-2") == true)
                #expect(event?["regarding", "name"] == "sql")
            }
        }

        private func reasons(_ cluster: Cluster) async throws -> [String] {
            try await cluster.api.list("events").map {
                "\($0["type"]?.stringValue ?? "") \($0["reason"]?.stringValue ?? "")"
            }.sorted()
        }
    }
}
