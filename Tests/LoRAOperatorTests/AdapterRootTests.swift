import AdapterPlanning
import DynamicJSON
import Foundation
import TestSupport
import Testing
import VLLMSimulator

@testable import LoRAOperator

/// `--adapter-root`.
@Suite(.timeLimit(.minutes(10)))
struct AdapterRootTests {
    @Test(arguments: [
        ("/adapters", "/adapters/sql", "/adapters/sql"), ("/adapters/", "/adapters/a/b", "/adapters/a/b"),
        ("/adapters=/mnt/x", "/adapters/sql", "/mnt/x/sql"), ("/=/mnt", "/a/sql", "/mnt/a/sql"),
        ("/adapters=/", "/adapters/sql", "/sql"),
    ])
    func `a server's path is found here`(flag: String, served: String, here: String) throws {
        #expect(try #require(AdapterRoot(flag)).path(of: served) == here)
    }

    @Test(arguments: ["/adapters-old/sql", "/adapters", "/other/sql", "org/name", "/adapters/../etc"])
    func `what lies elsewhere is not looked at`(path: String) throws {
        #expect(try #require(AdapterRoot("/adapters")).path(of: path) == nil)
    }

    @Test(arguments: ["adapters", "", "/a=b", "a=/b"])
    func `what is no path is refused`(flag: String) {
        #expect(AdapterRoot(flag) == nil)
    }

    @Test func `a volume that is not mounted says nothing about adapters`() async throws {
        try await withTemporaryDirectory { directory in
            let root = try #require(AdapterRoot("/adapters=\(directory)"))
            #expect(await root.problem(at: "/adapters/sql") == nil)
            try write("", to: "\(directory)/something")
            #expect(await root.problem(at: "/adapters/sql")?.reason == .pathNotFound)
        }
    }

    @Test func `a broken adapter is told by what is wrong with it, and no server is asked to load it`() async throws {
        try await withTemporaryDirectory { directory in
            try adapter(in: "\(directory)/volume/good", configuration: Self.sound)
            try adapter(in: "\(directory)/volume/bad", configuration: Self.sound + ["use_dora": true])
            try FileManager.default.createDirectory(
                atPath: "\(directory)/manifests", withIntermediateDirectories: false)
            let documents = ["good", "bad"].map { Adapter.manifest($0, path: "/adapters/\($0)").text }
            try write(documents.joined(separator: "\n---\n"), to: "\(directory)/manifests/adapters.yaml")
            let vllm = try await ModelServer(
                "vllm", address: "\(SimulatedAPIServer.loopbackNetwork).252.1", port: 0, .test)
            let arguments = [
                "local", "--vllm", "http://\(vllm.address):\(vllm.port)", "--manifests", "\(directory)/manifests",
                "--adapter-root", "/adapters=\(directory)/volume", "--probe-interval", "200ms", "--write-kubeconfig",
                "\(directory)/kubeconfig",
            ]
            try await OperatorProcess.run(arguments, in: directory) { process in
                let isLoaded = try await eventually { vllm.holds == ["good=/adapters/good"] }
                #expect(isLoaded, "\(process.output)")
                var lines: [String] = []
                let isTold = try await eventually {
                    lines = try await OperatorProcess.result(
                        "status", "--offline", "--kubeconfig", "\(directory)/kubeconfig"
                    ).lines
                    return lines.contains { $0.contains("bad") && $0.contains("Failed InvalidAdapter") }
                }
                #expect(isTold, "\(lines) \(process.output)")
                #expect(vllm.vllm.requestCount(.load) == 1)
            }
            await vllm.stop()
        }
    }

    private static let sound: [String: JSONValue] = [
        "peft_type": "LORA", "base_model_name_or_path": "base", "r": 8, "lora_alpha": 16, "bias": "none",
        "target_modules": ["q_proj"],
    ]

    private func adapter(in path: String, configuration: [String: JSONValue]) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try write(JSONValue.object(configuration).text, to: "\(path)/adapter_config.json")
        // Weights whose shapes are not looked at.
        try write("weights", to: "\(path)/adapter_model.bin")
    }
}

private func + (fields: [String: JSONValue], more: [String: JSONValue]) -> [String: JSONValue] {
    fields.merging(more) { $1 }
}
