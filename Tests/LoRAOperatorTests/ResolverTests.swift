import DynamicJSON
import Effects
import Foundation
import TestSupport
import Testing
import VLLMSimulator

extension EndToEnd {
    /// Beside vLLM's resolver plugins, which load what a request names.
    @Suite struct Resolvers {
        private static var configuration: ServerConfiguration {
            var configuration = ServerConfiguration.test
            configuration.resolverDirectory = "/cache"
            configuration.files = ["/cache/sql": .adapter, "/cache/other": .adapter]
            return configuration
        }

        @Test(arguments: Backend.available)
        func `OnDemand loads nothing, recognises what a request brings, and unloads it with the object`(
            _ backend: Backend
        ) async throws {
            try await Cluster.run(on: backend, Self.configuration) { cluster in
                try await cluster.apply(path: "/cache/sql", spec: ["loading": "OnDemand"])
                var adapter = try await cluster.adapter(reaches: "Ready", "3/3")
                #expect(adapter.condition("Ready") == "True OnDemand")
                #expect(adapter.server("vllm-1") == "OnDemand")

                #expect(try await cluster.servers[1].complete("sql") == 200)
                adapter = try await cluster.adapter(becomes: "one loaded") { $0.server("vllm-1") == "Loaded" }
                #expect(adapter.server("vllm-0") == "OnDemand" && adapter.root == "/cache/sql")
                try await cluster.probes(5)
                #expect(cluster.servers.map(\.changes) == [0, 0, 0], "the operator loads and unloads nothing")

                try await cluster.delete()
                try await cluster.adapterGoes()
                #expect(cluster.servers.map(\.holds) == [[], [], []])
                #expect(cluster.servers.map(\.changes) == [0, 1, 0])

                // The next request brings it back, and nobody stands for it any more.
                #expect(try await cluster.servers[1].complete("sql") == 200)
                try await cluster.api.patch(
                    "services", "vllm", ["metadata": ["labels": ["lora-operator.dev/discover": "true"]]])
                let isNamed = try await eventually {
                    let models = try await cluster.api.list("servedmodels")
                    return models.first?["status", "adapters", "unmanaged"] == [["id": "sql", "root": "/cache/sql"]]
                }
                #expect(isNamed)
                #expect(cluster.servers[1].holds == ["sql=/cache/sql"] && cluster.servers[1].changes == 1)
            }
        }

        @Test(arguments: Backend.available)
        func `OnDemand takes another path under its name for a conflict, and touches it not`(
            _ backend: Backend
        ) async throws {
            try await Cluster.run(on: backend, Self.configuration) { cluster in
                try await cluster.apply(path: "/elsewhere/sql", spec: ["loading": "OnDemand"])
                try await cluster.adapter(reaches: "Ready", "3/3")
                #expect(try await cluster.servers[0].complete("sql") == 200)
                let adapter = try await cluster.adapter(reaches: "Degraded", "2/3")
                #expect(adapter.server("vllm-0") == "Conflict ForeignAdapter")
                #expect(cluster.servers.map(\.changes) == [0, 0, 0])
            }
        }

        @Test(arguments: Backend.available)
        func `an eager adapter that a plugin was faster to load is adopted, not loaded again`(
            _ backend: Backend
        ) async throws {
            try await Cluster.run(on: backend, Self.configuration) { cluster in
                for server in cluster.servers { #expect(try await server.complete("sql") == 200) }
                try await cluster.apply(path: "/cache/sql")
                try await cluster.adapter(reaches: "Ready", "3/3")
                #expect(cluster.servers.map(\.changes) == [0, 0, 0])
            }
        }

        @Test(arguments: Backend.available)
        func `an adapter that is listed again after its unload is told for what that may be, and unloaded again`(
            _ backend: Backend
        ) async throws {
            try await Cluster.run(on: backend, Self.configuration) { cluster in
                try await cluster.apply(path: "/cache/sql")
                try await cluster.adapter(reaches: "Ready", "3/3")
                // To the operator the same as a caller whose requests bring it back before each list.
                cluster.servers[0].vllm.setIgnoresUnloads(true)
                try await cluster.delete()
                try await cluster.adapter(becomes: "told") {
                    $0.server("vllm-0")?.hasSuffix("UnloadFailed") == true
                        && $0.message("Ready").contains("a resolver plugin loads it at the next request")
                }
                cluster.servers[0].vllm.setIgnoresUnloads(false)
                try await cluster.adapterGoes()
                #expect(cluster.servers.map(\.holds) == [[], [], []])
            }
        }
    }
}

extension ModelServer {
    /// Asks for one completion by a model and returns the HTTP status.
    fileprivate func complete(_ model: String) async throws -> Int {
        var request = HTTPRequest(.post, "/v1/completions")
        request.headers = [HTTPHeader("Content-Type", "application/json")]
        request.body = Array(#"{"model": "\#(model)", "prompt": "x", "max_tokens": 1}"#.utf8)
        return try await vllm.respond(to: request).head.status
    }
}
