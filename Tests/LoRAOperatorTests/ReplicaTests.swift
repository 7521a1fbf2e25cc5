import DynamicJSON
import Foundation
import KubeAPI
import TestSupport
import Testing
import VLLMSimulator

/// Two processes of `lora-operator run`, of which one acts.
///
/// What they promise in seconds is measured where nothing else runs: `make replicas` sets `REPLICA_STRICT`.
@Suite(.timeLimit(.minutes(10)))
struct ReplicaTests {
    private static let lease = Duration.seconds(5)
    private static let retry = Duration.seconds(1)
    private static let isAlone = ProcessInfo.processInfo.environment["REPLICA_STRICT"] != nil

    /// Runs `body` beside two replicas, the first of which leads.
    private func replicas(
        servers count: Int = 2,
        _ body: (Cluster, _ leader: ServerProcess, _ standby: ServerProcess) async throws -> Void
    ) async throws {
        try await Cluster.run(on: .simulated, servers: count) { cluster in
            await cluster.stopOperator()
            try await withTemporaryDirectory { directory in
                try writeKubeconfig(to: "\(directory)/kubeconfig", server: cluster.configuration.server)
                try await replica("first", of: cluster, in: directory) { first in
                    #expect(try await eventually { try await holder(cluster)?.hasPrefix("first_") ?? false })
                    try await replica("second", of: cluster, in: directory) { second in
                        #expect(
                            try await eventually { second.output.contains("another process leads") }, "\(second.output)"
                        )
                        try await body(cluster, first, second)
                    }
                }
            }
        }
    }

    private func replica(
        _ name: String, of cluster: Cluster, in directory: String, _ body: (ServerProcess) async throws -> Void
    ) async throws {
        let home = "\(directory)/\(name)"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        let arguments = [
            "--kubeconfig", "\(directory)/kubeconfig", "--health-probe-bind-address", "0", "--metrics-bind-address",
            "0",
            "--leader-elect", "--leader-elect-resource-namespace", cluster.api.namespace,
            "--leader-elect-lease-duration", "5s", "--leader-elect-renew-deadline", "3s",
            "--leader-elect-retry-period", "1s", "--probe-interval", "1s", "--allow-endpoint-cidr",
            "\(cluster.serverNetwork).0.0/16",
        ]
        try await OperatorProcess.run(arguments, environment: ["POD_NAME": name], in: home, body)
    }

    private func holder(_ cluster: Cluster) async throws -> String? {
        try await cluster.api.get("leases", "lora-operator")?["spec", "holderIdentity"]?.stringValue
    }

    /// Waits until the second replica leads, and returns how long that took.
    private func handOver(_ cluster: Cluster) async throws -> Duration {
        let start = ContinuousClock.now
        #expect(try await eventually { try await holder(cluster)?.hasPrefix("second_") ?? false })
        return ContinuousClock.now - start
    }

    @Test func `117, 126: after kill -9 of the leader the other one leads within lease duration and retry period`()
        async throws
    {
        try await replicas { cluster, leader, standby in
            try await cluster.apply()
            try await cluster.adapter(reaches: "Ready", "2/2")
            leader.signal(SIGKILL)
            let time = try await handOver(cluster)
            #expect(time <= (Self.isAlone ? Self.lease + Self.retry : .seconds(40)), "\(time)")
            let lists = standby.output.contains("caches synced")
            #expect(lists, "the standby's caches were warm before")
            try await cluster.apply("next", path: "/adapters/next")
            try await cluster.adapter("next", reaches: "Ready", "2/2")
            #expect(cluster.servers.map { $0.vllm.loadCount(of: "sql") } == [1, 1])
        }
    }

    @Test func `125: a process that starts again under its name is another holder, and waits like any other`()
        async throws
    {
        try await Cluster.run(on: .simulated, servers: 1) { cluster in
            await cluster.stopOperator()
            try await withTemporaryDirectory { directory in
                try writeKubeconfig(to: "\(directory)/kubeconfig", server: cluster.configuration.server)
                try await replica("first", of: cluster, in: directory) { first in
                    #expect(try await eventually { try await holder(cluster)?.hasPrefix("first_") ?? false })
                    let before = try await holder(cluster)
                    first.signal(SIGKILL)
                    try await replica("first", of: cluster, in: directory) { again in
                        #expect(try await eventually { again.output.contains("another process leads") })
                        let isTaken = try await eventually { try await holder(cluster) != before }
                        #expect(isTaken)
                        #expect(try await holder(cluster)?.hasPrefix("first_") == true)
                    }
                }
            }
        }
    }

    @Test func `121, 142: after SIGTERM the other one leads within two seconds`() async throws {
        try await replicas { cluster, leader, _ in
            try await cluster.apply()
            try await cluster.adapter(reaches: "Ready", "2/2")
            leader.terminate()
            let time = try await handOver(cluster)
            #expect(time <= (Self.isAlone ? .seconds(2) : .seconds(40)), "\(time)")
            let code = try await leader.exit(within: .seconds(30))
            #expect(code == 0)
            #expect(cluster.servers.map { $0.vllm.loadCount(of: "sql") } == [1, 1])
        }
    }

    /// It is stopped amid its work, for as long as `REPLICA_STOP_SECONDS` says, and wakes up without the lease.
    @Test func `118, 129, 143: a leader that was stopped and wakes up sends nothing more`() async throws {
        let seconds = ProcessInfo.processInfo.environment["REPLICA_STOP_SECONDS"].flatMap(Int.init) ?? 12
        try await replicas { cluster, leader, _ in
            try await cluster.apply("first")
            try await cluster.adapter("first", reaches: "Ready", "2/2")
            let names = (0..<40).map { "a\($0)" }
            for name in names { try await cluster.apply(name, path: "/adapters/\(name)") }
            // Some loads are done, and others on their way or still to come.
            #expect(try await eventually { cluster.servers[0].vllm.adapters.count > 5 })
            let stopped = ContinuousClock.now
            leader.signal(SIGSTOP)
            _ = try await handOver(cluster)
            for name in names { try await cluster.adapter(name, reaches: "Ready", "2/2") }
            try await cluster.change("a0", spec: ["suspend": true])
            try await cluster.adapter("a0", reaches: "Suspended")
            #expect(try await eventually { ContinuousClock.now - stopped > .seconds(seconds) })
            let changes = cluster.servers.map(\.changes)
            let versions = try await versions(cluster, names)

            leader.signal(SIGCONT)

            let code = try await leader.exit(within: .seconds(30))
            #expect(code != 0 && code != nil, "\(leader.lastLines)")
            #expect(cluster.servers.map(\.changes) == changes)
            #expect(try await self.versions(cluster, names) == versions)
            #expect(try await holder(cluster)?.hasPrefix("second_") == true)
        }
    }

    private func versions(_ cluster: Cluster, _ names: [String]) async throws -> [String?] {
        var versions: [String?] = []
        for name in names { versions.append(try await cluster.adapter(name)?.resourceVersion) }
        return versions
    }
}
