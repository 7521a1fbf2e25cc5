import CurlHTTP
import Effects
import Foundation
import KubeAPI
import TestSupport
import Testing

/// The process of `lora-operator run`.
@Suite(.timeLimit(.minutes(10)))
struct RunCommandTests {
    @Test func `an API server that refuses connections is waited for, and the remedy is told once`() async throws {
        // No ephemeral port, which another test may be given meanwhile.
        try await waits(for: "http://127.0.0.1:1", remedy: "check that the API server runs there")
    }

    @Test func `an absent CRD is waited for, and the remedy is told once`() async throws {
        let api = try await SimulatedAPIServer(customResources: false)
        try await waits(for: api.configuration.server, remedy: "kubectl apply -f crds/")
        await api.stop()
    }

    @Test func `it turns ready once the API server is there`() async throws {
        let api = try await SimulatedAPIServer()
        try await run(api.configuration.server) { process, health in
            let isReady = try await eventually { try await answer(health, "/readyz")?.status == 200 }
            #expect(isReady, "\(process.output)")
            #expect(try await answer(health, "/healthz")?.status == 200)
            #expect(process.lines.contains { $0.contains("caches synced") })

            process.terminate()

            let code = try await process.exit(within: .seconds(30))
            #expect(code == 0)
        }
        await api.stop()
    }

    @Test func `metrics tell of the work, the requests and the process`() async throws {
        let api = try await SimulatedAPIServer()
        let port = try unusedPort()
        try await run(api.configuration.server, metricsPort: port) { process, health in
            let isReady = try await eventually { try await answer(health, "/readyz")?.status == 200 }
            #expect(isReady, "\(process.output)")

            let url = "http://127.0.0.1:\(port)"
            // A watch begins a moment after the list that made the cache ready.
            let isWatching = try await eventually {
                try await answer(url, "/metrics")?.body.contains("event_age_seconds{resource=\"loraadapters\"}")
                    ?? false
            }
            #expect(isWatching)
            let metrics = try #require(try await answer(url, "/metrics"))

            #expect(metrics.status == 200)
            for name in [
                "workqueue_depth{controller=\"loraadapter\",name=\"loraadapter\"} 0", "workqueue_adds_total{",
                "workqueue_unfinished_work_seconds{", "workqueue_longest_running_processor_seconds{",
                "workqueue_retries_total{", "rest_client_requests_total{code=\"200\",host=\"127.0.0.1:",
                "lora_operator_watch_last_event_age_seconds{resource=\"loraadapters\"}",
                "lora_operator_build_info{commit=", "process_resident_memory_bytes ", "process_cpu_seconds_total ",
                "process_open_fds ", "process_start_time_seconds ",
            ] {
                #expect(metrics.body.contains("\n" + name), "\(name) is missing in \(metrics.body)")
            }
        }
        await api.stop()
    }

    @Test(.prometheus) func `promtool finds nothing wrong with the metrics`() async throws {
        let api = try await SimulatedAPIServer()
        let port = try unusedPort()
        try await run(api.configuration.server, metricsPort: port) { process, health in
            let isReady = try await eventually { try await answer(health, "/readyz")?.status == 200 }
            #expect(isReady, "\(process.output)")
            let metrics = try #require(try await answer("http://127.0.0.1:\(port)", "/metrics"))
            let promtool = try #require(installedProgram("promtool"))
            try await withTemporaryDirectory { directory in
                try write(metrics.body, to: "\(directory)/metrics")
                let findings = try await runCommand(
                    "/bin/sh", ["-c", "'\(promtool)' check metrics < '\(directory)/metrics' 2>&1 || true"])
                #expect(findings.isEmpty, "\(String(decoding: findings, as: UTF8.self))")
            }
        }
        await api.stop()
    }

    private func waits(for server: String, remedy: String) async throws {
        try await run(server) { process, health in
            let isTold = try await eventually {
                guard let answer = try await answer(health, "/readyz") else { return false }
                return answer.status == 503 && answer.body.contains(remedy)
            }
            #expect(isTold, "\(process.output)")
            #expect(try await answer(health, "/healthz")?.status == 200)
            // Long enough for a second and a third attempt.
            let start = ContinuousClock.now
            #expect(try await eventually { ContinuousClock.now - start > .seconds(4) || !process.isRunning })
            #expect(process.isRunning)
            let lines = process.lines.filter { $0.contains("cannot read") && $0.contains("resource=loraadapters") }
            #expect(lines.count == 1, "\(process.output)")
            #expect(lines.first?.contains(remedy) == true, "\(process.output)")

            process.terminate()

            let code = try await process.exit(within: .seconds(30))
            #expect(code == 0)
        }
    }

    private func run(
        _ server: String, metricsPort: Int? = nil,
        _ body: (ServerProcess, _ health: String) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            try writeKubeconfig(to: "\(directory)/kubeconfig", server: server)
            let port = try unusedPort()
            let arguments = [
                "--kubeconfig", "\(directory)/kubeconfig", "--health-probe-bind-address", "127.0.0.1:\(port)",
                "--metrics-bind-address", metricsPort.map { "127.0.0.1:\($0)" } ?? "0",
            ]
            try await OperatorProcess.run(arguments, in: directory) { process in
                try await body(process, "http://127.0.0.1:\(port)")
            }
        }
    }

    private func answer(_ health: String, _ path: String) async throws -> (status: Int, body: String)? {
        let http = CurlTransport()
        defer { http.shutdown() }
        guard let reply = try? await http.send(HTTPRequest(.get, health + path)) else { return nil }
        return (reply.head.status, String(decoding: reply.body, as: UTF8.self))
    }
}
