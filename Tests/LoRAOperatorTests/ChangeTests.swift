import DynamicJSON
import Effects
import TestSupport
import Testing
import VLLMSimulator

extension EndToEnd {
    /// Pods that come and go, and specs that ask for less or for a pause.
    @Suite struct Change {
        @Test(arguments: Backend.available)
        func `a replaced pod is a new server and gets the adapter`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")

                try await cluster.replacePod(of: cluster.servers[1])

                try await cluster.adapter(becomes: "Ready on the new pod") {
                    $0.ready == "3/3" && $0.description.contains("containerd://vllm-1-2")
                        && $0.serverNames == ["vllm-0", "vllm-1", "vllm-2"]
                }
                try await cluster.servers(hold: ["sql=/adapters/sql-v1"])
                #expect(cluster.servers.map { $0.vllm.loadCount(of: "sql") } == [1, 2, 1])
            }
        }

        @Test(arguments: Backend.available)
        func `a server more gets the adapter, and a server less is forgotten`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend, servers: 2) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "2/2")

                let third = try await cluster.addServer()
                try await cluster.adapter(reaches: "Ready", "3/3")
                #expect(third.holds == ["sql=/adapters/sql-v1"])

                try await cluster.removeServer(third)
                try await cluster.adapter(becomes: "two servers") {
                    $0.phase == "Ready" && $0.ready == "2/2" && $0.serverNames == ["vllm-0", "vllm-1"]
                }
                #expect(cluster.servers.map { $0.vllm.loadCount(of: "sql") } == [1, 1])
            }
        }

        @Test(arguments: Backend.available)
        func `a pod that left the Service is unloaded at its own address`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")

                try await cluster.takeFromService(cluster.servers[2])

                try await cluster.adapter(becomes: "two servers") {
                    $0.ready == "2/2" && $0.serverNames == ["vllm-0", "vllm-1"]
                }
                #expect(cluster.servers[2].holds == [])
            }
        }

        @Test(arguments: Backend.available)
        func `a pod that left the Service while it was down is forgotten once it is gone`(
            _ backend: Backend
        ) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")
                let third = cluster.servers[2]
                third.vllm.goDown()
                try await cluster.takeFromService(third)
                try await cluster.adapter(becomes: "a claim on a server that left") {
                    $0.ready == "2/2" && $0.server("vllm-2")?.hasPrefix("Unloading") == true
                }

                try await cluster.deletePod(of: third)

                try await cluster.adapter(becomes: "two servers") {
                    $0.phase == "Ready" && $0.serverNames == ["vllm-0", "vllm-1"]
                        && $0.condition("Unreachable") == "False Observed"
                }
            }
        }

        @Test(arguments: Backend.available)
        func `fewer replicas unload from the others`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply(spec: ["placement": ["replicas": 2]])
                try await cluster.adapter(reaches: "Ready", "2/2")
                let holding = cluster.servers.filter { !$0.holds.isEmpty }
                #expect(holding.count == 2)

                try await cluster.change(spec: ["placement": ["replicas": 1]])

                let adapter = try await cluster.adapter(becomes: "one server") {
                    $0.ready == "1/1" && $0.serverNames.count == 1
                }
                #expect(adapter.phase == "Ready")
                #expect(cluster.servers.count { !$0.holds.isEmpty } == 1)
                // The one that stays had it before.
                #expect(cluster.servers.map { $0.vllm.requestCount(.load) }.reduce(0, +) == 2)
            }
        }

        @Test(arguments: Backend.available)
        func `a suspended adapter is left as it is, and work goes on afterwards`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")

                try await cluster.change(spec: ["suspend": true])
                try await cluster.adapter(reaches: "Suspended")
                cluster.servers[0].vllm.restart()
                try await cluster.change(spec: ["loraPath": "/adapters/sql-v2"])
                let paused = try await cluster.adapter(becomes: "not Ready") {
                    $0.phase == "Suspended" && $0.condition("Ready")?.hasPrefix("False") == true
                }
                #expect(paused.claims.contains("sql=/adapters/sql-v1"))
                try await cluster.probes(5)
                #expect(cluster.servers.map(\.holds) == [[], ["sql=/adapters/sql-v1"], ["sql=/adapters/sql-v1"]])

                try await cluster.change(spec: ["suspend": false])
                try await cluster.adapter(reaches: "Ready", "3/3")
                try await cluster.servers(hold: ["sql=/adapters/sql-v2"])
            }
        }

        @Test(arguments: Backend.available)
        func `another layout is loaded anew`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")
                let layouts = Collected<Bool>()
                try cluster.traffic.beforeEach { request in
                    guard request.url.hasSuffix("/v1/load_lora_adapter") else { return }
                    let body = String(decoding: request.body ?? [], as: UTF8.self)
                    layouts.append(body.contains(#""is_3d_lora_weight":true"#))
                }

                try await cluster.apply(spec: ["is3dLoraWeight": true])

                let isDone = try await eventually { layouts.all == [true, true, true] }
                #expect(isDone, "\(layouts.all)")
                try await cluster.adapter(reaches: "Ready", "3/3")
                #expect(cluster.servers.map { $0.vllm.loadCount(of: "sql") } == [2, 2, 2])
            }
        }

        @Test(arguments: Backend.available)
        func `a suspended adapter can be deleted`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")
                try await cluster.change(spec: ["suspend": true])
                try await cluster.adapter(reaches: "Suspended")

                try await cluster.delete()

                try await cluster.adapterGoes()
                #expect(cluster.servers.map(\.holds) == [[], [], []])
            }
        }

        @Test(arguments: Backend.available)
        func `an operator that starts again in the middle loads nothing twice`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                let slow = cluster.servers[2].vllm
                slow.inject(.slow(.seconds(60)), on: .load, times: 1)
                try await cluster.apply()
                try await cluster.adapter(reaches: "Loading", "2/3")
                try #require(try await eventually { slow.requestCount(.load) == 1 })

                await cluster.stopOperator()
                cluster.startOperator()

                try await cluster.adapter(reaches: "Ready", "3/3")
                #expect(cluster.servers.prefix(2).map { $0.vllm.requestCount(.load) } == [1, 1])
                #expect(cluster.servers.map { $0.vllm.requestCount(.unload) } == [0, 0, 0])
                try await cluster.servers(hold: ["sql=/adapters/sql-v1"])
            }
        }

        @Test(arguments: Backend.available)
        func `an operator that was away finds what changed meanwhile`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply("kept", path: "/adapters/kept")
                try await cluster.apply("deleted", path: "/adapters/deleted")
                try await cluster.adapter("kept", reaches: "Ready", "3/3")
                try await cluster.adapter("deleted", reaches: "Ready", "3/3")

                await cluster.stopOperator()
                try await cluster.delete("deleted")
                try await cluster.apply("created", path: "/adapters/created")
                cluster.servers[0].vllm.restart()
                cluster.startOperator()

                try await cluster.adapterGoes("deleted")
                try await cluster.adapter("created", reaches: "Ready", "3/3")
                try await cluster.servers(hold: ["created=/adapters/created", "kept=/adapters/kept"])
                #expect(cluster.servers.map { $0.vllm.loadCount(of: "kept") } == [2, 1, 1])
            }
        }

        @Test(arguments: Backend.available)
        func `an operator that starts while all servers are down writes no false news`(_ backend: Backend) async throws
        {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                let ready = try await cluster.adapter(reaches: "Ready", "3/3")
                await cluster.stopOperator()
                for server in cluster.servers { server.vllm.goDown() }

                cluster.startOperator()

                let blind = try await cluster.adapter(reaches: "Unreachable", "0/3")
                #expect([blind.id, blind.parent, blind.root] == [ready.id, ready.parent, ready.root])
                #expect(blind.claims == ready.claims)
                for server in cluster.servers { server.vllm.comeUp() }
                try await cluster.adapter(reaches: "Ready", "3/3")
                #expect(cluster.servers.map { $0.vllm.requestCount(.load) } == [1, 1, 1])
            }
        }
    }
}
