import DynamicJSON
import KubeAPI
import KubeSimulator
import TestSupport
import Testing
import VLLMSimulator

/// The roles in deploy/ against what the operator's own process asks an API server for, in both directions.
@Suite(.timeLimit(.minutes(10)))
struct RBACTests {
    private static let home = "lora-operator"

    @Test func `S15: the operator asks for what its roles grant, all of it, and nothing else`() async throws {
        let calls = try await callsOfALife(["--leader-elect", "--leader-elect-resource-namespace=\(Self.home)"])
        let roles = try Roles("deploy/base/rbac.yaml")

        let refused = calls.filter { call in !roles.granted.contains { $0.allows(call, home: Self.home) } }
        let unused = roles.granted.filter { grant in !calls.contains { grant.allows($0, home: Self.home) } }

        #expect(Set(refused.map { "\($0.verb) \($0.resource).\($0.group)" }).sorted() == [])
        #expect(unused.map(\.description).sorted() == [])
    }

    @Test func `S9: with --namespace nothing is asked of other namespaces`() async throws {
        let calls = try await callsOfALife(["--leader-elect", "--leader-elect-resource-namespace=\(Self.home)"]) {
            ["--namespace", $0]
        }

        let elsewhere = calls.filter { $0.namespace == nil }
        #expect(elsewhere.map { "\($0.verb) \($0.resource)" } == [])
        #expect(Set(calls.compactMap(\.namespace)).count == 2)
    }

    @Test func `S16: people's roles let nobody write status`() throws {
        for grant in try Roles("deploy/base/user-roles.yaml").granted where grant.resource.contains("/") {
            #expect(["get", "list", "watch"].contains(grant.verb), "\(grant)")
        }
    }

    /// Runs the operator's process through a life: it leads, loads, repairs, tells, unloads and gives its lease back.
    private func callsOfALife(
        _ arguments: [String], _ more: (_ namespace: String) -> [String] = { _ in [] }
    ) async throws -> [APICall] {
        var configuration = ServerConfiguration.test
        configuration.apiKey = "key"
        var calls: [APICall] = []
        try await Cluster.run(on: .simulated, configuration, operates: false) { cluster in
            let namespace = cluster.api.namespace
            try await cluster.api.create(
                "namespaces", .yaml("{apiVersion: v1, kind: Namespace, metadata: {name: \(Self.home)}}"))
            try await cluster.api.apply(
                "secrets", .yaml("{apiVersion: v1, kind: Secret, metadata: {name: vllm-key}, data: {token: a2V5}}"))
            try await withTemporaryDirectory { directory in
                try writeKubeconfig(to: "\(directory)/kubeconfig", server: cluster.api.configuration.server)
                let flags = [
                    "run", "--kubeconfig", "\(directory)/kubeconfig", "--metrics-bind-address", "0",
                    "--health-probe-bind-address", "0", "--probe-interval", "200ms", "--allow-endpoint-cidr",
                    "127.0.0.0/8", "--leader-elect-retry-period", "500ms",
                    // Lists are asked for where streams fail, and here to compare.
                    "--cache-check-interval", "10m",
                ]
                try await OperatorProcess.run(flags + arguments + more(namespace), in: directory) { process in
                    try await live(in: cluster, process)
                    try await standBy(flags + arguments + more(namespace), in: directory, cluster)
                    process.terminate()
                    #expect(try await process.exit(within: .seconds(60)) == 0, "\(process.output)")
                }
            }
            calls = try cluster.audit.calls(by: "lora-operator/")
        }
        return calls
    }

    /// Another replica, which waits for the first one's lease.
    private func standBy(_ arguments: [String], in directory: String, _ cluster: Cluster) async throws {
        try await OperatorProcess.run(arguments, in: directory) { process in
            let waits = try await eventually {
                try cluster.audit.calls(by: "lora-operator/").contains { $0.verb == "watch" && $0.resource == "leases" }
            }
            #expect(waits, "\(process.output)")
        }
    }

    private func live(in cluster: Cluster, _ process: ServerProcess) async throws {
        try await cluster.apply(spec: [
            "target": ["service": ["name": "vllm"], "apiKeySecretRef": ["name": "vllm-key", "key": "token"]]
        ])
        try await cluster.adapter(reaches: "Ready", "3/3")
        let server = try #require(cluster.servers.first)
        // The second time makes a series of the event, which is a patch.
        for _ in 0..<2 {
            server.vllm.goDown()
            try await cluster.adapter(becomes: "unreachable") { $0.condition("Unreachable")?.hasPrefix("True") == true }
            server.vllm.comeUp()
            try await cluster.adapter(reaches: "Ready", "3/3")
        }
        let isTold = try await eventually {
            try await cluster.api.list("events").contains { $0["series", "count"] != nil }
        }
        #expect(isTold, "\(process.output)")
        try await cluster.delete()
        try await cluster.adapterGoes()
        // What is served is no longer shown where no adapter names the Service.
        let isHidden = try await eventually {
            try cluster.audit.calls(by: "lora-operator/").contains {
                $0.verb == "delete" && $0.resource == "servedmodels"
            }
        }
        #expect(isHidden, "\(process.output)")
    }
}

/// What roles grant, a verb on a resource each.
private struct Roles {
    struct Grant: CustomStringConvertible {
        var verb: String
        var group: String
        var resource: String
        var names: [String]
        /// Granted by a Role, so in the operator's own namespace alone.
        var isLocal: Bool

        var description: String { "\(verb) \(resource).\(group)" }

        func allows(_ call: APICall, home: String) -> Bool {
            call.verb == verb && call.group == group && call.resource == resource
                && (names.isEmpty || call.name.map(names.contains) == true) && (!isLocal || call.namespace == home)
        }
    }

    var granted: [Grant] = []

    init(_ path: String) throws {
        for document in try JSONValue.documents(yaml: try Repository.text(path)) {
            let kind = document["kind"]?.stringValue
            guard kind == "Role" || kind == "ClusterRole" else { continue }
            for rule in document["rules"]?.arrayValue ?? [] {
                func strings(_ key: String) -> [String] { rule[key]?.arrayValue?.compactMap(\.stringValue) ?? [] }
                for group in strings("apiGroups") {
                    for resource in strings("resources") {
                        granted += strings("verbs").map {
                            Grant(
                                verb: $0, group: group, resource: resource, names: strings("resourceNames"),
                                isLocal: kind == "Role")
                        }
                    }
                }
            }
        }
        try #require(!granted.isEmpty, "\(path) grants nothing")
    }
}
