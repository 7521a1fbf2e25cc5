import DynamicJSON
import Foundation
import KubeAPI
import TestSupport
import Testing
import VLLMSimulator

/// The process of `lora-operator status`, on a fleet of `local`.
@Suite(.timeLimit(.minutes(10)))
struct StatusCommandTests {
    @Test func `it agrees with the servers, notices where they differ, and names what is unmanaged`() async throws {
        try await withFleet { servers, kubeconfig, process in
            let status = ["status", "--kubeconfig", kubeconfig]
            var (code, lines) = try await run(status)
            let isReady = try await eventually {
                (code, lines) = try await run(status)
                return lines.contains { $0.contains("127.") && $0.contains("Loaded") && $0.contains("2/2") }
            }
            try #require(isReady, "\(lines) \(process.output)")
            #expect(code == 0)
            #expect(lines.first?.split(separator: " ").map(String.init) == Self.heading, "\(lines)")
            #expect(lines.last == "2 servers asked, 0 silent; 0 differences between API and servers.")
            #expect(!lines.joined().contains("\u{1B}"), "colour is for terminals")

            // The operator looks again in an hour.
            servers[1].vllm.unloadOutOfBand(name: "sql")
            servers[0].vllm.loadOutOfBand(name: "mine", path: "/x/mine")
            (code, lines) = try await run(status)
            #expect(code == 1)
            #expect(lines.contains { $0.contains("the server does not list it") }, "\(lines)")
            #expect(lines.contains { $0.contains("mine") && $0.contains("/x/mine") }, "\(lines)")
            #expect(lines.last == "2 servers asked, 0 silent; 1 difference between API and servers.")

            (code, lines) = try await run(status + ["--output", "json"])
            #expect(code == 1)
            let json = try #require(JSONValue(parsing: Array(lines.joined().utf8)))
            #expect(json["differences"] == 1 && json["serversAsked"] == 2)
            let found = try #require(json["adapters"]?.arrayValue?.first?["servers"]?.arrayValue)
            #expect(found.map { $0["state"] } == ["Loaded", "Loaded"])
            #expect(found.map { $0["live"] } == ["Listed", "Absent"])
            #expect(found.map { $0["different"] } == [false, true])
            #expect(json["unmanaged"]?.arrayValue?.map { $0["id"] } == ["mine"])

            servers[0].vllm.goDown()
            (code, lines) = try await run(status)
            #expect(code == 1 && lines.contains { $0.contains("ConnectionRefused") }, "\(lines)")

            let asked = servers.map(\.vllm.requestCount)
            (code, lines) = try await run(status + ["--offline"])
            #expect(code == 0 && lines.first?.contains("No server was asked") == true)
            #expect(servers.map(\.vllm.requestCount) == asked)
        }
    }

    @Test func `without an API server it is one line and exit code 1`() async throws {
        try await withTemporaryDirectory { directory in
            try writeKubeconfig(to: "\(directory)/kubeconfig", server: "http://127.0.0.1:1")
            let (code, lines) = try await OperatorProcess.result("status", "--kubeconfig", "\(directory)/kubeconfig")
            #expect(code == 1 && lines.count == 1, "\(lines)")
            #expect(lines.first?.contains("check that the API server runs there") == true)
        }
    }

    @Test func `a key is for the servers of one namespace`() async throws {
        let api = try await SimulatedAPIServer()
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/kubeconfig"
            try writeKubeconfig(to: path, server: api.configuration.server)
            let key = ["VLLM_API_KEY": "key"]

            let one = try await OperatorProcess.result(
                "status", "--kubeconfig", path, "-n", "default", environment: key)
            let all = try await OperatorProcess.result("status", "--kubeconfig", path, environment: key)

            #expect(one.code == 0 && one.lines.last?.hasPrefix("0 servers asked") == true, "\(one.lines)")
            #expect(all.lines == ["VLLM_API_KEY is ignored: it takes exactly one --namespace"] + one.lines)
        }
        await api.stop()
    }

    @Test func `it asks the credential plugin of the kubeconfig`() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/kubeconfig"
            let plugin =
                "{apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin, interactiveMode: Never}"
            try writeKubeconfig(to: path, server: "https://127.0.0.1:1", user: "{exec: \(plugin)}")

            let (code, lines) = try await OperatorProcess.result("status", "--kubeconfig", path)

            #expect(code == 1 && lines.first?.contains("no-such-plugin is not installed") == true, "\(lines)")
        }
    }

    private static let heading = [
        "NAMESPACE", "NAME", "ADAPTER", "PHASE", "READY", "SERVERS", "API", "LIVE", "DIFFERENCE",
    ]

    private func run(_ arguments: [String]) async throws -> (code: Int32?, lines: [String]) {
        try await withTemporaryDirectory { directory in
            var result: (Int32?, [String]) = (nil, [])
            try await OperatorProcess.run(arguments, in: directory) { process in
                result = (try await process.exit(within: .seconds(60)), process.lines)
            }
            return result
        }
    }

    /// Two servers, the adapter `sql` for both, and an operator that looks at them once an hour.
    private func withFleet(
        _ body: ([ModelServer], _ kubeconfig: String, ServerProcess) async throws -> Void
    ) async throws {
        let network = "\(SimulatedAPIServer.loopbackNetwork).253"
        let servers = [
            try await ModelServer("vllm-0", address: "\(network).1", port: 0, .test),
            try await ModelServer("vllm-1", address: "\(network).2", port: 0, .test),
        ]
        do {
            try await withTemporaryDirectory { directory in
                let manifests = "\(directory)/manifests"
                try FileManager.default.createDirectory(atPath: manifests, withIntermediateDirectories: false)
                try FileManager.default.copyItem(
                    atPath: Repository.path("examples/sql-adapter.yaml"), toPath: "\(manifests)/sql.yaml")
                let urls = servers.flatMap { ["--vllm", "http://\($0.address):\($0.port)"] }
                let arguments =
                    [
                        "local", "--manifests", manifests, "--probe-interval", "1h", "--write-kubeconfig",
                        "\(directory)/k",
                    ]
                    + urls
                try await OperatorProcess.run(arguments, in: directory) { process in
                    let isUp = try await eventually { FileManager.default.fileExists(atPath: "\(directory)/k") }
                    try #require(isUp, "\(process.output)")
                    try await body(servers, "\(directory)/k", process)
                }
            }
        } catch {
            for server in servers { await server.stop() }
            throw error
        }
        for server in servers { await server.stop() }
    }
}
