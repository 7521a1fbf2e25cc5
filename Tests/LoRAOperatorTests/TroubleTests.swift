import DynamicJSON
import Foundation
import TestSupport
import Testing
import VLLMSimulator

extension EndToEnd {
    /// What keeps an adapter from being loaded, and how it ends.
    @Suite struct Trouble {
        @Test(arguments: Backend.available)
        func `an adapter of somebody else is a conflict and is not touched`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                for server in cluster.servers { server.vllm.loadOutOfBand(name: "sql", path: "/adapters/theirs") }

                try await cluster.apply()

                let adapter = try await cluster.adapter(reaches: "Conflict", "0/3")
                #expect(adapter.condition("Ready") == "False ForeignAdapter")
                #expect(adapter.condition("Stalled")?.hasPrefix("True") == true)
                #expect(adapter.server("vllm-0") == "Conflict ForeignAdapter")
                try await cluster.probes(5)
                #expect(cluster.servers.allSatisfy { $0.holds == ["sql=/adapters/theirs"] && $0.changes == 0 })

                try await cluster.delete()
                try await cluster.adapterGoes()
                #expect(cluster.servers.allSatisfy { $0.holds == ["sql=/adapters/theirs"] && $0.changes == 0 })
            }
        }

        @Test(arguments: Backend.available)
        func `an adapter that is loaded already is adopted`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                for server in cluster.servers { server.vllm.loadOutOfBand(name: "sql", path: "/adapters/sql-v1") }

                try await cluster.apply()

                let adapter = try await cluster.adapter(reaches: "Ready", "3/3")
                #expect(adapter.claims == ["sql=/adapters/sql-v1"])
                #expect(cluster.servers.map(\.changes) == [0, 0, 0])

                try await cluster.delete()
                try await cluster.adapterGoes()
                #expect(cluster.servers.map(\.holds) == [[], [], []])
            }
        }

        @Test(arguments: Backend.available)
        func `of two adapters of one name the older wins, and the other takes over`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                let older = try await cluster.apply("older", path: "/adapters/a", spec: ["loraName": "sql"])
                try await cluster.adapter("older", reaches: "Ready", "3/3")
                // Ages are whole seconds.
                let created = try Date(
                    older.json["metadata", "creationTimestamp"]?.stringValue ?? "", strategy: .iso8601)
                try #require(try await eventually { Date.now.timeIntervalSince(created) > 1.1 })

                try await cluster.apply("younger", path: "/adapters/b", spec: ["loraName": "sql"])

                let loser = try await cluster.adapter("younger", reaches: "Conflict")
                #expect(loser.condition("Ready") == "False DuplicateName")
                #expect(loser.message("Ready").contains("older"))
                try await cluster.probes(3)
                #expect(cluster.servers.allSatisfy { $0.holds == ["sql=/adapters/a"] })
                #expect(try await cluster.adapter("older")?.phase == "Ready")

                try await cluster.delete("older")

                try await cluster.adapterGoes("older")
                try await cluster.adapter("younger", reaches: "Ready", "3/3")
                try await cluster.servers(hold: ["sql=/adapters/b"])
            }
        }

        @Test(arguments: Backend.available)
        func `an heir of the same path takes over without an unload`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply("one", spec: ["loraName": "sql"])
                try await cluster.adapter("one", reaches: "Ready", "3/3")
                try await cluster.apply("two", spec: ["loraName": "sql"])
                let found = try await eventually {
                    let phases = [try await cluster.adapter("one")?.phase, try await cluster.adapter("two")?.phase]
                    return phases.contains("Ready") && phases.contains("Conflict")
                }
                try #require(found)
                // Made within one second, either may be the older one.
                let isOneReady = try await cluster.adapter("one")?.phase == "Ready"
                let (winner, heir) = isOneReady ? ("one", "two") : ("two", "one")

                try await cluster.delete(winner)

                try await cluster.adapterGoes(winner)
                try await cluster.adapter(heir, reaches: "Ready", "3/3")
                #expect(cluster.servers.map { $0.vllm.requestCount(.unload) } == [0, 0, 0])
                #expect(cluster.servers.map { $0.vllm.requestCount(.load) } == [1, 1, 1])
            }
        }

        @Test(arguments: Backend.available)
        func `an adapter without its Service waits for it`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend, publishes: false) { cluster in
                try await cluster.apply()

                let pending = try await cluster.adapter(reaches: "Pending")
                #expect(pending.condition("Ready") == "False ServiceNotFound")
                #expect(pending.claims == [])

                try await cluster.publishService()
                try await cluster.adapter(reaches: "Ready", "3/3")
            }
        }

        @Test(arguments: Backend.available)
        func `a path that one server lacks fails there alone`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                cluster.servers[1].vllm.reconfigure { $0.files["/adapters/sql-v1"] = .missing }

                try await cluster.apply()

                let degraded = try await cluster.adapter(reaches: "Degraded", "2/3")
                #expect(degraded.server("vllm-1") == "Failed PathNotFound")
                #expect(degraded.condition("Ready") == "False PathNotFound")
                #expect(degraded.message("Ready").contains("vllm-1"))
                #expect(degraded.condition("Unreachable") == "False Observed")
                #expect(cluster.servers.map(\.holds) == [["sql=/adapters/sql-v1"], [], ["sql=/adapters/sql-v1"]])

                try await cluster.change(spec: ["loraPath": "/adapters/sql-v2"])
                try await cluster.adapter(becomes: "the path that all have") {
                    $0.ready == "3/3" && $0.root == "/adapters/sql-v2"
                }
            }
        }

        @Test(arguments: Backend.available)
        func `a path that no server has makes the adapter Failed`(_ backend: Backend) async throws {
            var configuration = ServerConfiguration.test
            configuration.files["/adapters/sql-v1"] = .missing
            try await Cluster.run(on: backend, configuration) { cluster in
                try await cluster.apply()

                let failed = try await cluster.adapter(reaches: "Failed", "0/3")
                #expect(failed.condition("Ready") == "False PathNotFound")
                #expect(failed.condition("Stalled") == "True PathNotFound")
                #expect(failed.condition("Reconciling") == nil)
            }
        }

        @Test(arguments: Backend.available)
        func `a wrong base model is not loaded`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply(spec: ["baseModelName": "llama"])

                let failed = try await cluster.adapter(reaches: "Failed", "0/3")
                #expect(failed.condition("Ready") == "False BaseModelMismatch")
                #expect(cluster.servers.map(\.changes) == [0, 0, 0])

                try await cluster.change(spec: ["baseModelName": "base"])
                try await cluster.adapter(reaches: "Ready", "3/3")
            }
        }
    }
}
