import CurlHTTP
import Foundation
import KubeAPI
import TestSupport
import Testing
import VLLMSimulator

/// The process of `lora-operator local`.
@Suite(.timeLimit(.minutes(10)))
struct LocalCommandTests {
    private static let kubectl = installedProgram("kubectl")

    @Test(.enabled(if: kubectl != nil, "kubectl is not installed"))
    func `kubectl applies an adapter to simulated servers, and SIGTERM leaves nothing behind`() async throws {
        let kubectl = try #require(Self.kubectl)
        try await withTemporaryDirectory { directory in
            let kubeconfig = "\(directory)/lora-operator.kubeconfig"
            let arguments = ["local", "--simulate", "2", "--probe-interval", "200ms"]
            try await OperatorProcess.run(arguments, in: directory) { process in
                try #require(try await eventually { exists(kubeconfig) }, "\(process.output)")
                let options = ["--kubeconfig", kubeconfig]
                try await runCommand(kubectl, options + ["apply", "-f", Repository.path("examples/sql-adapter.yaml")])

                try await runCommand(
                    kubectl, options + ["wait", "--for=condition=Ready", "--timeout=90s", "loraadapter/sql"])

                let table = String(
                    decoding: try await runCommand(kubectl, options + ["get", "loraadapters"]), as: UTF8.self)
                #expect(table.contains("2/2"), "\(table)")
                #expect(table.contains("Ready"), "\(table)")
                try await runCommand(kubectl, options + ["delete", "--timeout=90s", "loraadapter", "sql"])

                process.terminate()

                let code = try await process.exit(within: .seconds(30))
                #expect(code == 0)
                #expect(!exists(kubeconfig))
            }
        }
    }

    @Test func `nobody but the owner can read the kubeconfig`() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/secret.kubeconfig"
            let arguments = ["local", "--simulate", "1", "--write-kubeconfig", path]
            try await OperatorProcess.run(arguments, in: directory) { process in
                try #require(try await eventually { exists(path) }, "\(process.output)")

                let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int

                #expect(mode == 0o600)
            }
        }
    }

    @Test func `a directory of manifests is followed: added, changed, broken and removed`() async throws {
        try await withVLLM { vllm, url in
            try await withTemporaryDirectory { directory in
                let file = "\(directory)/manifests/sql.yaml"
                try FileManager.default.createDirectory(
                    atPath: "\(directory)/manifests", withIntermediateDirectories: false)
                let arguments = [
                    "local", "--vllm", url, "--manifests", "\(directory)/manifests", "--probe-interval", "200ms",
                    "--write-kubeconfig", "\(directory)/kubeconfig",
                ]
                try await OperatorProcess.run(arguments, in: directory) { process in
                    try #require(try await eventually { exists("\(directory)/kubeconfig") }, "\(process.output)")
                    try write(manifest(path: "/adapters/sql-v1"), to: file)
                    try await expect(vllm, holds: ["sql=/adapters/sql-v1"], process)

                    try write(manifest(path: "/adapters/sql-v2"), to: file)
                    try await expect(vllm, holds: ["sql=/adapters/sql-v2"], process)

                    try write("kind: [LoRAAdapter", to: file)
                    let isTold = try await eventually { process.output.contains("a manifest cannot be applied") }
                    #expect(isTold, "\(process.output)")
                    try write("apiVersion: v1\nkind: LoRAAdapter\n", to: file)
                    let isToldAgain = try await eventually {
                        process.lines.count { $0.contains("a manifest cannot be applied") } == 2
                    }
                    #expect(isToldAgain, "\(process.output)")
                    #expect(process.output.contains("manifests/sql.yaml:1"), "\(process.output)")
                    #expect(vllm.held == ["sql=/adapters/sql-v2"])
                    #expect(vllm.requestCount(.unload) == 1)

                    try FileManager.default.removeItem(atPath: file)
                    try await expect(vllm, holds: [], process)
                    let http = CurlTransport()
                    let configuration = try KubeConfiguration.load(
                        kubeconfig: "\(directory)/kubeconfig", environment: [:])
                    let api = ObjectAPI(configuration: configuration, http: http)
                    #expect(try await eventually { try await api.get("loraadapters", "sql") == nil })
                    http.shutdown()
                }
            }
        }
    }

    @Test func `with a state directory, what was applied outlives the process, and its file is still followed`()
        async throws
    {
        try await withVLLM { vllm, url in
            try await withTemporaryDirectory { directory in
                let file = "\(directory)/manifests/sql.yaml"
                try FileManager.default.createDirectory(
                    atPath: "\(directory)/manifests", withIntermediateDirectories: false)
                try write(manifest(path: "/adapters/sql-v1"), to: file)
                let arguments = [
                    "local", "--vllm", url, "--state", "\(directory)/state", "--manifests", "\(directory)/manifests",
                    "--probe-interval", "200ms", "--write-kubeconfig", "\(directory)/kubeconfig",
                ]
                var server = ""
                try await OperatorProcess.run(arguments, in: directory) { process in
                    try await expect(vllm, holds: ["sql=/adapters/sql-v1"], process)
                    server = try String(contentsOfFile: "\(directory)/kubeconfig", encoding: .utf8)
                    let (code, lines) = try await OperatorProcess.result(
                        "local", "--vllm", url, "--state", "\(directory)/state")
                    #expect(code == 1 && lines.count == 1, "\(lines)")
                    #expect(lines.first?.contains("another lora-operator uses the state directory") == true)
                }
                // Removed while nobody looks.
                try FileManager.default.removeItem(atPath: file)
                try await OperatorProcess.run(arguments, in: directory) { process in
                    try #require(try await eventually { exists("\(directory)/kubeconfig") }, "\(process.output)")
                    let again = try String(contentsOfFile: "\(directory)/kubeconfig", encoding: .utf8)
                    #expect(again.secret == server.secret && again.secret.utf8.count > 20)
                    try await expect(vllm, holds: [], process)
                }
                #expect(vllm.requestCount(.load) == 1)
            }
        }
    }

    private func expect(
        _ vllm: SimulatedServer, holds entries: [String], _ process: ServerProcess,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try #require(
            try await eventually { vllm.held == entries }, "\(vllm.held): \(process.output)",
            sourceLocation: sourceLocation)
    }

    /// A server that somebody else runs.
    private func withVLLM(_ body: (SimulatedServer, _ url: String) async throws -> Void) async throws {
        let server = try await ModelServer(
            "vllm", address: "\(SimulatedAPIServer.loopbackNetwork).255.1", port: 0, .test)
        do {
            try await body(server.vllm, "http://\(server.address):\(server.port)")
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private func manifest(path: String) -> String {
        """
        apiVersion: lora-operator.dev/v1alpha1
        kind: LoRAAdapter
        metadata: {name: sql}
        spec:
          loraPath: \(path)
          target: {service: {name: vllm}}
        """
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}

extension SimulatedServer {
    fileprivate var held: [String] { adapters.map { "\($0.name)=\($0.path)" } }
}

extension String {
    /// The secret part of the server's URL in a kubeconfig.
    fileprivate var secret: String {
        split(separator: "\"").first { $0.hasPrefix("http") }?.split(separator: "/").last.map(String.init) ?? ""
    }
}
