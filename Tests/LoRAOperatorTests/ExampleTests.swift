import DynamicJSON
import Foundation
import KubeSimulator
import TestSupport
import Testing
import VLLMSimulator

/// `examples/local`, with the command that it names.
@Suite(.timeLimit(.minutes(10)))
struct LocalExampleTests {
    @Test func `the example for one machine is served`() async throws {
        try await withTemporaryDirectory { directory in
            let arguments = [
                "local", "--simulate", "1", "--manifests", Repository.path("examples/local"), "--state",
                "\(directory)/state", "--write-kubeconfig", "\(directory)/kubeconfig",
            ]
            try await OperatorProcess.run(arguments, in: directory) { process in
                let isUp = try await eventually { FileManager.default.fileExists(atPath: "\(directory)/kubeconfig") }
                try #require(isUp, "\(process.output)")
                let isServed = try await eventually {
                    let (code, lines) = try await OperatorProcess.result(
                        "status", "--kubeconfig", "\(directory)/kubeconfig")
                    return code == 0 && lines.contains { $0.contains("1/1") && $0.contains("loaded") }
                }
                #expect(isServed, "\(process.output)")
            }
        }
    }
}

extension EndToEnd {
    /// The manifests of examples/, applied.
    @Suite struct Examples {
        /// The documents of a file, with some words replaced by those of a test's cluster.
        private func documents(_ file: String, _ changes: [(String, String)] = []) throws -> [JSONValue] {
            var text = try Repository.text("examples/\(file)")
            for (old, new) in changes {
                #expect(text.contains(old), "\(file) lacks \(old)")
                text = text.replacing(old, with: new)
            }
            return try JSONValue.documents(yaml: text)
        }

        private func apply(_ documents: [JSONValue], in cluster: Cluster) async throws {
            let plurals = [
                "Service": "services", "EndpointSlice": "endpointslices", "LoRAAdapter": "loraadapters",
            ]
            for document in documents {
                let plural = try #require(plurals[document["kind"]?.stringValue ?? ""], "\(document.text)")
                try await cluster.api.apply(plural, document)
            }
        }

        @Test(arguments: Backend.available)
        func `the example for a cluster is served by servers as it describes them`(_ backend: Backend) async throws {
            let vllm = try documents("kubernetes/vllm.yaml")
            let deployment = try #require(vllm.first { $0["kind"] == "Deployment" })
            let pod = try #require(deployment["spec", "template", "spec"])
            #expect(pod["enableServiceLinks"] == false, "a Service named vllm sets VLLM_PORT")
            let claim = try #require(vllm.first { $0["kind"] == "PersistentVolumeClaim" }?["metadata", "name"])
            #expect(pod["volumes"]?.arrayValue?.contains { $0["persistentVolumeClaim", "claimName"] == claim } == true)
            let service = try #require(vllm.first { $0["kind"] == "Service" })
            #expect(service["spec", "selector"] == deployment["spec", "selector", "matchLabels"])

            var configuration = ServerConfiguration.test
            configuration.servedNames = ["qwen3-8b"]
            try await Cluster.run(on: backend, configuration) { cluster in
                try await apply(documents("kubernetes/sql-adapter.yaml"), in: cluster)
                let adapter = try await cluster.adapter(reaches: "Ready", "3/3")
                #expect(adapter.parent == "qwen3-8b")
            }
        }

        @Test(arguments: Backend.available)
        func `the examples beside resolvers: one is loaded at once, one by its first request`(
            _ backend: Backend
        ) async throws {
            var configuration = ServerConfiguration.test
            configuration.resolverDirectory = "/adapters"
            configuration.files = ["/adapters/sql": .adapter, "/adapters/support": .adapter]
            try await Cluster.run(on: backend, configuration) { cluster in
                try await apply(documents("resolver/adapters.yaml", [("vllm-resolver", "vllm")]), in: cluster)
                try await cluster.adapter("support", reaches: "Ready", "3/3")
                let adapter = try await cluster.adapter(reaches: "Ready", "3/3")
                #expect(adapter.condition("Ready") == "True OnDemand")
                try await cluster.servers(hold: ["support=/adapters/support"])
            }
        }

        @Test(arguments: ["resolver/filesystem.yaml", "resolver/several.yaml"])
        func `a server with resolvers has what they need`(file: String) throws {
            let deployment = try #require(try documents(file).first { $0["kind"] == "Deployment" })
            let pod = try #require(deployment["spec", "template", "spec"])
            let container = try #require(pod["containers"]?.arrayValue?.first)
            let variables = Dictionary(
                uniqueKeysWithValues: (container["env"]?.arrayValue ?? []).map {
                    ($0["name"]?.stringValue ?? "", $0["value"]?.stringValue ?? "")
                })
            #expect(variables["VLLM_ALLOW_RUNTIME_LORA_UPDATING"] == "true")
            #expect(variables["VLLM_PLUGINS"]?.contains("lora_filesystem_resolver") == true)
            let mounts = container["volumeMounts"]?.arrayValue?.compactMap { $0["mountPath"]?.stringValue } ?? []
            #expect(mounts.contains(variables["VLLM_LORA_RESOLVER_CACHE_DIR"] ?? ""))
            #expect(pod["enableServiceLinks"] == false)
        }

        @Test(arguments: Backend.available)
        func `two sites: one that is offline is kept in mind, and holds nothing up at the other`(
            _ backend: Backend
        ) async throws {
            try await Cluster.run(on: backend, servers: 4, publishes: false) { cluster in
                let servers = cluster.servers
                let port = ("port: 8000\n  protocol", "port: \(servers[0].port)\n  protocol")
                try await apply(
                    documents(
                        "edge/site-north.yaml",
                        [("192.0.2.10]", "\(servers[0].address)]"), ("192.0.2.11]", "\(servers[1].address)]"), port]),
                    in: cluster)
                try await apply(
                    documents(
                        "edge/site-south.yaml",
                        [
                            ("198.51.100.10]", "\(servers[2].address)]"), ("198.51.100.11]", "\(servers[3].address)]"),
                            port,
                        ]), in: cluster)
                try await cluster.adapter("sql-north", reaches: "Ready", "2/2")
                try await cluster.adapter("sql-south", reaches: "Ready", "2/2")
                try await cluster.model(of: "site-north", becomes: "2/2")

                for server in servers.prefix(2) { server.vllm.goDown() }
                let north = try await cluster.adapter("sql-north", reaches: "Unreachable")
                #expect(
                    north.root == "/adapters/sql-v3" && north.id == "sql" && north.claims == ["sql=/adapters/sql-v3"])
                try await cluster.change("sql-south", spec: ["loraPath": "/adapters/sql-v4"])
                try await cluster.servers(Array(servers.suffix(2)), hold: ["sql=/adapters/sql-v4"])
                let model = try await cluster.model(of: "site-north", becomes: "0/2")
                #expect(model["status", "adapters", "managed"] == 1)

                // The line is back; one of the two had no power meanwhile.
                servers[0].vllm.restart()
                servers[1].vllm.comeUp()
                try await cluster.adapter("sql-north", reaches: "Ready", "2/2")
                #expect(servers.prefix(2).map { $0.vllm.loadCount(of: "sql") } == [2, 1])
                try await cluster.model(of: "site-north", becomes: "2/2")
            }
        }
    }
}

extension Cluster {
    /// Waits until the one model behind a Service is served by so many servers, and returns it.
    @discardableResult
    fileprivate func model(of service: String, becomes servers: String) async throws -> JSONValue {
        var model: JSONValue?
        let isDone = try await eventually {
            let models = try await api.list("servedmodels").filter { $0["status", "service"]?.stringValue == service }
            model = models.count == 1 ? models.first : nil
            return model?["status", "servers"]?.stringValue == servers
        }
        try #require(isDone, "\(model?.text ?? "no model")")
        return try #require(model)
    }
}
