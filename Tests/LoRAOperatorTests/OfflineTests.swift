import DynamicJSON
import TestSupport
import Testing
import VLLMSimulator

extension EndToEnd {
    /// Servers that are down, come back, or come back empty.
    @Suite struct Offline {
        @Test(arguments: Backend.available)
        func `a server that restarts and forgets is repaired`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")

                cluster.servers[1].vllm.restart()

                try await cluster.servers(hold: ["sql=/adapters/sql-v1"])
                try await cluster.adapter(reaches: "Ready", "3/3")
                #expect(cluster.servers.map { $0.vllm.loadCount(of: "sql") } == [1, 2, 1])
            }
        }

        @Test(arguments: Backend.available)
        func `a container that was restarted is repaired, and status names the new one`(_ backend: Backend) async throws
        {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")

                try await cluster.restartContainer(of: cluster.servers[1])

                let adapter = try await cluster.adapter(becomes: "Ready on the new container") {
                    $0.ready == "3/3" && $0.description.contains("containerd://vllm-1-2")
                }
                #expect(!adapter.description.contains("containerd://vllm-1-1"))
                try await cluster.servers(hold: ["sql=/adapters/sql-v1"])
            }
        }

        @Test(arguments: Backend.available)
        func `an unload behind the operator's back is repaired`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")

                cluster.servers[0].vllm.unloadOutOfBand(name: "sql")

                try await cluster.servers(hold: ["sql=/adapters/sql-v1"])
                try await cluster.adapter(reaches: "Ready", "3/3")
            }
        }

        @Test(arguments: Backend.available)
        func `a server that is down degrades the adapter and takes nothing from what is known`(
            _ backend: Backend
        ) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")

                cluster.servers[2].vllm.goDown()

                let degraded = try await cluster.adapter(reaches: "Degraded", "2/3")
                #expect(degraded.condition("Unreachable") == "True ConnectionRefused")
                #expect(degraded.condition("Ready") == "Unknown ConnectionRefused")
                #expect(degraded.server("vllm-2") == "Unreachable ConnectionRefused")
                #expect(degraded.json["status", "unreachableServers"] == 1)
                #expect(degraded.json["status", "loadedServers"] == 2)
                #expect([degraded.id, degraded.parent, degraded.root] == ["sql", "base", "/adapters/sql-v1"])
                #expect(degraded.claims == ["sql=/adapters/sql-v1"])

                cluster.servers[2].vllm.comeUp()

                let ready = try await cluster.adapter(reaches: "Ready", "3/3")
                #expect(ready.condition("Unreachable") == "False Observed")
                #expect(cluster.servers.map { $0.vllm.loadCount(of: "sql") } == [1, 1, 1])
            }
        }

        @Test(arguments: Backend.available)
        func `while a server is down its status does not change from probe to probe`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")
                cluster.servers[2].vllm.goDown()
                let degraded = try await cluster.adapter(reaches: "Degraded", "2/3")

                try await cluster.probes(8, of: Array(cluster.servers.prefix(2)))

                #expect(try await cluster.adapter()?.resourceVersion == degraded.resourceVersion)
            }
        }

        @Test(arguments: Backend.available)
        func `with all servers down the phase is Unreachable and Ready is Unknown`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")

                for server in cluster.servers { server.vllm.goDown() }

                let adapter = try await cluster.adapter(reaches: "Unreachable", "0/3")
                #expect(adapter.condition("Ready") == "Unknown ConnectionRefused")
                #expect(adapter.condition("Unreachable") == "True ConnectionRefused")
                #expect([adapter.id, adapter.parent, adapter.root] == ["sql", "base", "/adapters/sql-v1"])

                for server in cluster.servers { server.vllm.comeUp() }
                try await cluster.adapter(reaches: "Ready", "3/3")
                #expect(cluster.servers.map { $0.vllm.loadCount(of: "sql") } == [1, 1, 1])
            }
        }

        @Test(arguments: Backend.available)
        func `an engine that died makes the list of its server worth nothing`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")

                cluster.servers[0].vllm.setEngine(alive: false)

                let degraded = try await cluster.adapter(reaches: "Degraded", "2/3")
                #expect(degraded.server("vllm-0") == "Unknown EngineUnhealthy")

                cluster.servers[0].vllm.restart()
                try await cluster.adapter(reaches: "Ready", "3/3")
                try await cluster.servers(hold: ["sql=/adapters/sql-v1"])
            }
        }

        @Test(arguments: Backend.available)
        func `a deletion waits for a server that is down, and ends after it returned`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")
                let (up, down) = (Array(cluster.servers.prefix(2)), cluster.servers[2])
                down.vllm.goDown()
                try await cluster.adapter(reaches: "Degraded", "2/3")

                try await cluster.delete()

                try await cluster.servers(up, hold: [])
                try await cluster.probes(5, of: up)
                // Lines that go wait up to a second for their status.
                let waiting = try await cluster.adapter(becomes: "Terminating on one server") {
                    $0.phase == "Terminating" && $0.serverNames.count < 3
                }
                #expect(waiting.isTerminating)
                #expect(waiting.finalizers == ["lora-operator.dev/unload"])
                #expect(waiting.serverNames == ["vllm-2"])
                #expect(down.holds == ["sql=/adapters/sql-v1"])

                down.vllm.comeUp()
                try await cluster.adapterGoes()
                #expect(down.holds == [])
            }
        }

        @Test(arguments: Backend.available)
        func `a shorter deletion timeout frees an object that waits`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")
                cluster.servers[2].vllm.goDown()
                try await cluster.adapter(reaches: "Degraded", "2/3")
                try await cluster.delete()
                try await cluster.adapter(reaches: "Terminating")

                try await cluster.change(spec: ["deletion": ["timeout": "0s"]])

                try await cluster.adapterGoes()
                #expect(cluster.servers.map(\.holds) == [[], [], ["sql=/adapters/sql-v1"]])
            }
        }
    }
}
