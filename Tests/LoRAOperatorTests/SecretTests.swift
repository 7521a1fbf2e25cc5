import AdapterController
import AdapterPlanning
import DynamicJSON
import Foundation
import Testing
import VLLMSimulator

extension EndToEnd {
    /// Servers that ask for a key.
    @Suite struct Secrets {
        private static let reference: JSONValue = [
            "target": ["service": ["name": "vllm"], "apiKeySecretRef": ["name": "vllm-key", "key": "token"]]
        ]

        private var locked: ServerConfiguration {
            var configuration = ServerConfiguration.test
            configuration.apiKey = "first"
            return configuration
        }

        private func secret(_ key: String) throws -> JSONValue {
            let data = Data(key.utf8).base64EncodedString()
            return try .yaml("{apiVersion: v1, kind: Secret, metadata: {name: vllm-key}, data: {token: \(data)}}")
        }

        @Test(arguments: Backend.available)
        func `the key of the Secret opens the servers`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend, locked) { cluster in
                // Files tend to end with a line break.
                try await cluster.api.apply("secrets", secret("first\n"))

                try await cluster.apply(spec: Self.reference)

                let adapter = try await cluster.adapter(reaches: "Ready", "3/3")
                #expect(!adapter.description.contains("first"))
            }
        }

        @Test(arguments: Backend.available)
        func `a wrong key is Unauthorized until the Secret holds the right one`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend, locked) { cluster in
                try await cluster.api.apply("secrets", secret("wrong"))
                try await cluster.apply(spec: Self.reference)

                let refused = try await cluster.adapter(reaches: "Unreachable", "0/3")
                #expect(refused.condition("Ready") == "Unknown Unauthorized")
                #expect(refused.condition("Stalled") == "True Unauthorized")
                #expect(refused.server("vllm-0") == "Unknown Unauthorized")
                #expect(!refused.description.contains("wrong"))

                try await cluster.api.apply("secrets", secret("first"))
                try await cluster.adapter(reaches: "Ready", "3/3")
            }
        }

        @Test(arguments: Backend.available)
        func `a Secret that is missing is named, and read once it is there`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend, locked) { cluster in
                try await cluster.apply(spec: Self.reference)

                let missing = try await cluster.adapter(reaches: "Unreachable", "0/3")
                #expect(missing.condition("Ready") == "Unknown SecretNotFound")
                #expect(missing.message("Ready").contains("vllm-key"))

                try await cluster.api.apply("secrets", secret("first"))
                try await cluster.adapter(reaches: "Ready", "3/3")
            }
        }

        @Test(arguments: Backend.available)
        func `S4: with --require-secret-label a Secret without the label is not used`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend, locked, operates: false) { cluster in
                cluster.startOperator { $0.requiresSecretLabel = true }
                try await cluster.api.apply("secrets", secret("first"))
                try await cluster.apply(spec: Self.reference)

                let refused = try await cluster.adapter(reaches: "Unreachable", "0/3")
                #expect(refused.condition("Ready") == "Unknown SecretInvalid")
                #expect(refused.message("Ready").contains("lora-operator.dev/secret=allowed"))
                let report = try await cluster.report { $0.requiresSecretLabel = true }
                #expect(
                    report.adapters.flatMap(\.lines).map(\.live)
                        == Array(repeating: .unreachable(.secretInvalid), count: 3))
                #expect(cluster.servers.allSatisfy { $0.vllm.requestCount == 0 })

                var labelled = try secret("first")
                labelled["metadata", "labels"] = ["lora-operator.dev/secret": "allowed"]
                try await cluster.api.apply("secrets", labelled)
                try await cluster.adapter(reaches: "Ready", "3/3")
            }
        }

        @Test(arguments: Backend.available)
        func `a rotated key is read again without a second load`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend, locked) { cluster in
                try await cluster.api.apply("secrets", secret("first"))
                try await cluster.apply(spec: Self.reference)
                try await cluster.adapter(reaches: "Ready", "3/3")

                for server in cluster.servers { server.vllm.reconfigure { $0.apiKey = "second" } }
                let refused = try await cluster.adapter(reaches: "Unreachable", "0/3")
                #expect(refused.root == "/adapters/sql-v1")
                try await cluster.api.apply("secrets", secret("second"))

                try await cluster.adapter(reaches: "Ready", "3/3")
                #expect(cluster.servers.map { $0.vllm.requestCount(.load) } == [1, 1, 1])
            }
        }
    }
}
