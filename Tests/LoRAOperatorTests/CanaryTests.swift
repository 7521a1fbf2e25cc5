import CurlHTTP
import DynamicJSON
import Effects
import Foundation
import KubeAPI
import TestSupport
import Testing
import VLLMSimulator

/// Planted secrets, looked for in everything that the operator's process lets out.
@Suite(.timeLimit(.minutes(10)))
struct CanaryTests {
    private static let key = "canary-key-5f1c9a"
    private static let rotated = "canary-rotated-77d0"
    private static let token = "canary-token-b2e8"

    @Test(arguments: ["text", "json"])
    func `S12, I10: no key or token gets into a log, status, event, metric or error`(format: String) async throws {
        var configuration = ServerConfiguration.test
        configuration.apiKey = Self.key
        try await Cluster.run(on: .simulated, configuration, operates: false) { cluster in
            let port = try unusedPort()
            try await run(cluster, port, ["--log-format", format]) { process in
                var seen = try await live(in: cluster, process)
                seen += try await pages(port)
                seen.append(process.output)
                seen += try cluster.audit.contents
                #expect(process.lines.count > 50, "at the level trace there is more to look at")
                for (number, text) in seen.enumerated() {
                    for secret in [Self.key, Self.rotated, Self.token] {
                        for form in [secret, Data(secret.utf8).base64EncodedString()] {
                            #expect(!text.contains(form), "\(form) in text \(number): \(text.prefix(2000))")
                        }
                    }
                }
                // What a server says stays inside of its line.
                let forged = process.lines.filter {
                    $0.hasPrefix("FORGED") || $0.contains("\u{1B}") || $0.contains("\r")
                }
                #expect(forged == [])
                if format == "json" {
                    for line in process.lines {
                        #expect((try? JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))) != nil, "\(line)")
                    }
                }
            }
        }
    }

    @Test func `S14: a key with a line break in it adds no header, and is no key`() async throws {
        var configuration = ServerConfiguration.test
        configuration.apiKey = "first"
        try await Cluster.run(on: .simulated, configuration) { cluster in
            try await cluster.api.apply("secrets", secret("first\r\nX-Injected: yes"))
            try await cluster.apply(spec: Self.reference)

            let refused = try await cluster.adapter(reaches: "Unreachable", "0/3")
            #expect(refused.condition("Ready") == "Unknown SecretInvalid")
            // Nothing was sent at all, not even without the key.
            #expect(cluster.servers.allSatisfy { $0.vllm.requestCount == 0 })
        }
    }

    // MARK: A life with trouble in it

    private func live(in cluster: Cluster, _ process: ServerProcess) async throws -> [String] {
        var seen: [String] = []
        func look() async throws {
            for plural in ["loraadapters", "events"] { seen += try await cluster.api.list(plural).map(\.text) }
        }
        try await cluster.api.apply("secrets", secret(Self.key))
        try await cluster.apply(spec: Self.reference)
        // That it is sent where it belongs shows that there is something to leak.
        try await cluster.adapter(reaches: "Ready", "3/3")
        try await look()
        let echo = #"{"error": {"message": "no \#(Self.key)\r\nFORGED \u001b[31m line"}, "detail": "\#(Self.key)"}"#
        let server = try #require(cluster.servers.first)
        let faults: [SimulatedFault] = [
            .answer(status: 500, contentType: "application/json", body: echo),
            .answer(status: 401, contentType: "application/json", body: echo),
            .answer(status: 200, contentType: "text/html", body: "<html>\(Self.key)</html>"),
            .answer(status: 200, contentType: "application/json", body: #"{"object": "\#(Self.key)"}"#),
            .redirect(to: "http://127.0.0.1:1/\(Self.key)"), .cutBody, .drop,
        ]
        for fault in faults {
            server.vllm.inject(fault)
            try await cluster.adapter(becomes: "blind") { $0.condition("Unreachable")?.hasPrefix("True") == true }
            try await look()
            server.vllm.clearFaults()
            try await cluster.adapter(reaches: "Ready", "3/3")
        }
        server.vllm.inject(.answer(status: 400, contentType: "application/json", body: echo), on: .load)
        try await cluster.apply("bad", path: "/adapters/bad", spec: Self.reference)
        try await cluster.adapter("bad", becomes: "refused") {
            $0.server("vllm-0")?.contains("Failed") == true
                || $0.server("vllm-0")?.contains("LoadFailed") == true
        }
        try await look()
        server.vllm.clearFaults()
        for server in cluster.servers { server.vllm.reconfigure { $0.apiKey = Self.rotated } }
        try await cluster.adapter(reaches: "Unreachable", "0/3")
        try await look()
        try await cluster.api.apply("secrets", secret(Self.rotated))
        try await cluster.adapter(reaches: "Ready", "3/3")
        try await cluster.delete()
        try await cluster.adapterGoes()
        try await look()
        return seen
    }

    private func run(
        _ cluster: Cluster, _ port: Int, _ arguments: [String], _ body: (ServerProcess) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            try write(
                """
                apiVersion: v1
                kind: Config
                current-context: c
                contexts: [{name: c, context: {cluster: c, user: u}}]
                clusters: [{name: c, cluster: {server: "\(cluster.api.configuration.server)"}}]
                users: [{name: u, user: {token: \(Self.token)}}]

                """, to: "\(directory)/kubeconfig")
            let flags = [
                "run", "--kubeconfig", "\(directory)/kubeconfig", "--metrics-bind-address", "127.0.0.1:\(port)",
                "--health-probe-bind-address", "0", "--probe-interval", "200ms", "--allow-endpoint-cidr",
                "127.0.0.0/8", "--log-level", "trace",
            ]
            try await OperatorProcess.run(flags + arguments, in: directory, body)
        }
    }

    private func pages(_ port: Int) async throws -> [String] {
        let http = CurlTransport()
        defer { http.shutdown() }
        let reply = try await http.send(HTTPRequest(.get, "http://127.0.0.1:\(port)/metrics"))
        let text = String(decoding: reply.body, as: UTF8.self)
        #expect(text.contains("lora_operator_vllm_requests_total"))
        return [text]
    }

    private static let reference: JSONValue = [
        "target": ["service": ["name": "vllm"], "apiKeySecretRef": ["name": "vllm-key", "key": "token"]]
    ]

    private func secret(_ key: String) throws -> JSONValue {
        let data = Data(key.utf8).base64EncodedString()
        return try .yaml("{apiVersion: v1, kind: Secret, metadata: {name: vllm-key}, data: {token: \(data)}}")
    }
}
