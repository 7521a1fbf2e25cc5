import CurlHTTP
import DynamicJSON
import Effects
import Synchronization
import TestSupport
import Testing
import VLLMSimulator

extension EndToEnd {
    /// One adapter from `kubectl apply` to `kubectl delete`.
    @Suite struct Lifecycle {
        @Test(arguments: Backend.available)
        func `92: whatever is written passes strict field validation`(_ backend: Backend) async throws {
            let http = CurlTransport()
            defer { http.shutdown() }
            try await Cluster.run(on: backend) { cluster in
                let refused = Mutex<[String]>([])
                let asked = Atomic(0)
                try cluster.traffic.beforeEach { request in
                    guard !request.method.isSafe, !request.url.contains("lora_adapter") else { return }
                    var strict = request
                    strict.url += (strict.url.contains("?") ? "&" : "?") + "fieldValidation=Strict&dryRun=All"
                    let reply = try await http.send(strict)
                    asked.add(1, ordering: .relaxed)
                    if !(200..<300 ~= reply.head.status) {
                        refused.withLock { $0.append("\(strict.url): \(String(decoding: reply.body, as: UTF8.self))") }
                    }
                }
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")
                try await cluster.change(spec: ["loraPath": "/adapters/sql-v2"])
                try await cluster.servers(hold: ["sql=/adapters/sql-v2"])
                try await cluster.adapter(reaches: "Ready", "3/3")
                try await cluster.delete()
                try await cluster.adapterGoes()
                // What lost a race is refused for that, strict or not.
                #expect(refused.withLock { $0.filter { !$0.contains("Conflict") && !$0.contains("NotFound") } } == [])
                #expect(asked.load(ordering: .relaxed) > 8)
            }
        }

        @Test(arguments: Backend.available)
        func `an applied adapter is loaded everywhere, and status says what was read back`(
            _ backend: Backend
        ) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()

                let adapter = try await cluster.adapter(reaches: "Ready", "3/3")
                try await cluster.servers(hold: ["sql=/adapters/sql-v1"])
                #expect(adapter.id == "sql")
                #expect(adapter.parent == "base")
                #expect(adapter.root == "/adapters/sql-v1")
                #expect(adapter.claims == ["sql=/adapters/sql-v1"])
                #expect(adapter.finalizers == ["lora-operator.dev/unload"])
                #expect(adapter.condition("Ready") == "True Loaded")
                #expect(adapter.condition("Unreachable") == "False Observed")
                #expect(adapter.condition("Reconciling") == nil)
                #expect(adapter.condition("Stalled") == nil)
                #expect(adapter.serverNames == ["vllm-0", "vllm-1", "vllm-2"])
                let line = adapter.json["status", "servers"]?.arrayValue?.first
                #expect(line?["address"]?.stringValue == cluster.servers[0].address)
                #expect(line?["incarnation"] == "containerd://vllm-0-1")
                #expect(line?["state"] == "Loaded")
                #expect(adapter.json["status", "desiredServers"] == 3)
                #expect(adapter.json["status", "loadedServers"] == 3)
                #expect(adapter.json["status", "unreachableServers"] == 0)
            }
        }

        @Test(arguments: Backend.available)
        func `while loads take their time the phase is Loading`(_ backend: Backend) async throws {
            var slow = ServerConfiguration()
            slow.loadDuration = .seconds(2)
            try await Cluster.run(on: backend, slow) { cluster in
                try await cluster.apply()

                let loading = try await cluster.adapter(reaches: "Loading", "0/3")
                #expect(loading.condition("Ready") == "False LoadInProgress")
                #expect(loading.condition("Reconciling")?.hasPrefix("True") == true)
                #expect(loading.id == nil)
                try await cluster.adapter(reaches: "Ready", "3/3")
                #expect(cluster.servers.map { $0.vllm.loadCount(of: "sql") } == [1, 1, 1])
            }
        }

        @Test(arguments: Backend.available)
        func `claim and finalizer are stored before the first load is sent`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                let atLoad = Mutex<[Adapter?]>([])
                try cluster.traffic.beforeEach { request in
                    guard request.url.hasSuffix("/v1/load_lora_adapter") else { return }
                    let adapter = try await cluster.adapter()
                    atLoad.withLock { $0.append(adapter) }
                }

                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")

                let stored = atLoad.withLock { $0 }
                #expect(stored.count == 3)
                for adapter in stored {
                    #expect(adapter?.claims == ["sql=/adapters/sql-v1"])
                    #expect(adapter?.finalizers == ["lora-operator.dev/unload"])
                }
            }
        }

        @Test(arguments: Backend.available)
        func `a new path replaces the old one, one server at a time`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.adapter(reaches: "Ready", "3/3")
                let fewest = Mutex(3)
                try cluster.traffic.beforeEach { request in
                    guard request.method == .post else { return }
                    let holding = cluster.servers.count { !$0.holds.isEmpty }
                    fewest.withLock { $0 = min($0, holding) }
                }

                try await cluster.change(spec: ["loraPath": "/adapters/sql-v2"])

                let adapter = try await cluster.adapter(becomes: "the new path") {
                    $0.phase == "Ready" && $0.root == "/adapters/sql-v2"
                }
                #expect(adapter.ready == "3/3")
                #expect(cluster.servers.map(\.holds) == Array(repeating: ["sql=/adapters/sql-v2"], count: 3))
                #expect(fewest.withLock { $0 } == 2)
                try await cluster.adapter(becomes: "one claim") { $0.claims == ["sql=/adapters/sql-v2"] }
            }
        }

        @Test(arguments: Backend.available)
        func `a new name is loaded before the old one goes`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply(spec: ["loraName": "sql"])
                try await cluster.adapter(reaches: "Ready", "3/3")
                let atUnload = Mutex<[[String]]>([])
                try cluster.traffic.beforeEach { request in
                    guard request.url.hasSuffix("/v1/unload_lora_adapter") else { return }
                    let server = cluster.servers.first { request.url.contains("\($0.address):") }
                    atUnload.withLock { $0.append(server?.holds ?? []) }
                }

                try await cluster.change(spec: ["loraName": "sql-next"])

                try await cluster.servers(hold: ["sql-next=/adapters/sql-v1"])
                let adapter = try await cluster.adapter(becomes: "one claim") {
                    $0.phase == "Ready" && $0.claims == ["sql-next=/adapters/sql-v1"]
                }
                #expect(adapter.id == "sql-next")
                let both = ["sql-next=/adapters/sql-v1", "sql=/adapters/sql-v1"]
                #expect(atUnload.withLock { $0 } == [both, both, both])
            }
        }

        @Test(arguments: Backend.available)
        func `a deleted adapter is unloaded everywhere, and then the object goes`(_ backend: Backend) async throws {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply()
                try await cluster.apply("other", path: "/adapters/other")
                try await cluster.adapter(reaches: "Ready", "3/3")
                try await cluster.adapter("other", reaches: "Ready", "3/3")

                try await cluster.delete()

                try await cluster.adapterGoes()
                #expect(cluster.servers.map(\.holds) == Array(repeating: ["other=/adapters/other"], count: 3))
                #expect(try await cluster.adapter("other")?.phase == "Ready")
            }
        }

        @Test(arguments: Backend.available)
        func `with the policy Orphan the object goes and the servers keep the adapter`(_ backend: Backend) async throws
        {
            try await Cluster.run(on: backend) { cluster in
                try await cluster.apply(spec: ["deletion": ["policy": "Orphan"]])
                try await cluster.adapter(reaches: "Ready", "3/3")

                try await cluster.delete()

                try await cluster.adapterGoes()
                #expect(cluster.servers.map(\.holds) == Array(repeating: ["sql=/adapters/sql-v1"], count: 3))
            }
        }
    }
}
