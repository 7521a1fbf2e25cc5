import DynamicJSON
import Foundation
import KubeSimulator
import LoRAOperator
import Testing

/// What becomes of other projects' resources.
struct ConvertTests {
    private func convert(_ yaml: String) throws -> Conversion {
        var conversion = Conversion(service: "vllm")
        for document in try JSONValue.documents(yaml: yaml) { conversion.add(document) }
        return conversion
    }

    @Test func `production-stack: path, name, replicas and key are carried over, the rest is named`() throws {
        let conversion = try convert(
            """
            apiVersion: production-stack.vllm.ai/v1alpha1
            kind: LoraAdapter
            metadata: {name: sql-adapter, namespace: inference}
            spec:
              baseModel: llama3
              adapterSource: {type: local, adapterName: sql, adapterPath: /adapters/sql, maxAdapters: 2}
              loraAdapterDeploymentConfig: {algorithm: equalized, replicas: 2}
              vllmApiKey: {secretName: keys, secretKey: vllm}
            """)
        #expect(
            conversion.adapters.map { ManifestText.of($0) } == [
                """
                apiVersion: lora-operator.dev/v1alpha1
                kind: LoRAAdapter
                metadata:
                  name: sql-adapter
                  namespace: inference
                spec:
                  loraName: sql
                  loraPath: /adapters/sql
                  target:
                    service:
                      name: vllm
                    apiKeySecretRef:
                      name: keys
                      key: vllm
                  placement:
                    replicas: 2

                """
            ])
        for field in ["algorithm equalized", "baseModel llama3", "maxAdapters"] {
            #expect(
                conversion.notes.contains { $0.hasPrefix("LoraAdapter sql-adapter: ") && $0.contains(field) },
                "\(field)")
        }
    }

    @Test(arguments: ["s3://bucket/sql", "gcs://bucket/sql", "https://example.com/sql", "", "a/b/c"])
    func `what vLLM cannot load by itself is not converted, and named`(source: String) throws {
        let conversion = try convert(
            """
            apiVersion: model.aibrix.ai/v1alpha1
            kind: ModelAdapter
            metadata: {name: sql}
            spec: {artifactURL: "\(source)", podSelector: {matchLabels: {a: b}}}
            """)
        #expect(conversion.adapters.isEmpty)
        #expect(conversion.notes.contains { $0.hasPrefix("ModelAdapter sql: not converted") })
    }

    @Test func `AIBrix: a key in clear is named and not repeated`() throws {
        let conversion = try convert(
            """
            apiVersion: model.aibrix.ai/v1alpha1
            kind: ModelAdapter
            metadata: {name: sql}
            spec:
              artifactURL: huggingface://org/sql
              podSelector: {matchLabels: {a: b}}
              additionalConfig: {api-key: canary, other: x}
            """)
        #expect(conversion.adapters.map { $0["spec", "loraPath"] } == ["org/sql"])
        #expect(conversion.notes.contains { $0.contains("--allow-hub-ids") })
        #expect(conversion.notes.contains { $0.contains("API key in clear") })
        #expect(conversion.notes.contains { $0.contains("podSelector") })
        #expect(!"\(conversion)".contains("canary"))
    }

    @Test func `lora-syncer: every adapter that should exist becomes one, others are named`() throws {
        let conversion = try convert(
            """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: adapters, namespace: inference}
            data:
              configmap.yaml: |
                vLLMLoRAConfig:
                  name: vllm
                  port: 8000
                  defaultBaseModel: llama
                  ensureExist:
                    models:
                    - {id: SQL_v1, source: /adapters/sql}
                    - {id: chat, source: org/chat, base-model: other}
                  ensureNotExist:
                    models: [{id: old, source: /adapters/old}]
            """)
        #expect(conversion.adapters.map { $0["metadata", "name"] } == ["sql-v1", "chat"])
        #expect(conversion.adapters.map { $0["spec", "loraName"] } == ["SQL_v1", nil])
        #expect(conversion.adapters.map { $0["spec", "baseModelName"] } == ["llama", "other"])
        #expect(conversion.notes.contains { $0.contains("old: ensureNotExist") })
        #expect(conversion.notes.contains { $0.contains("port 8000") })
    }

    @Test func `formae: adapters of an evaluated forma are found wherever they stand`() throws {
        let conversion = try convert(
            """
            Resources:
            - {Label: m, Type: "VLLM::Inference::Model", Properties: {id: llama}}
            - Label: a
              Type: VLLM::Inference::LoRAAdapter
              Target: gpu-1
              Properties: {loraName: sql, loraPath: /adapters/sql, baseModelName: llama, is3dLoraWeight: true}
            """)
        #expect(conversion.adapters.count == 1)
        #expect(conversion.adapters.first?["spec", "is3dLoraWeight"] == true)
        #expect(conversion.adapters.first?["spec", "baseModelName"] == "llama")
        #expect(conversion.notes.contains { $0.contains("target gpu-1") })
    }

    @Test func `formae: plain values of Pkl are read, computed ones are named`() throws {
        let found = Forma.adapters(
            in: """
                import "@vllm/vllm.pkl"
                forma {
                  new vllm.LoRAAdapter {
                    label = "sql"
                    loraName = "sql"  // callers use it
                    loraPath = "/adapters/sql"
                    target = server.res
                    is3dLoraWeight = false
                  }
                  new vllm.LoRAAdapter { loraName = "chat"; loraPath = root + "/chat" }
                }
                """)
        #expect(found.count == 2)
        #expect(found.first?.properties["loraPath"] == "/adapters/sql")
        #expect(found.first?.computed == ["target"])
        #expect(found.last?.properties["loraName"] == "chat")
        #expect(found.last?.computed == ["loraPath"])
    }

    @Test func `the command prints manifests that the API takes, and notes beside them`() async throws {
        try await withTemporaryDirectory { directory in
            try write(
                "{apiVersion: model.aibrix.ai/v1alpha1, kind: ModelAdapter, metadata: {name: 'yes'}, spec: {artifactURL: /a/b}}\n",
                to: "\(directory)/in.yaml")
            let (code, lines) = try await OperatorProcess.result("convert", "--service", "llm", "\(directory)/in.yaml")

            #expect(code == 0)
            let adapter = try JSONValue.yaml(lines.joined(separator: "\n"))
            #expect(adapter["metadata", "name"] == "yes")
            #expect(adapter["spec", "target", "service", "name"] == "llm")
        }
    }

    @Test func `a file without adapters is exit code 1, and says so`() async throws {
        try await withTemporaryDirectory { directory in
            try write("{apiVersion: v1, kind: Pod, metadata: {name: a}}\n", to: "\(directory)/in.yaml")
            let (code, lines) = try await OperatorProcess.result("convert", "\(directory)/in.yaml")

            #expect(code == 1)
            #expect(lines == ["Pod a: not converted: no resource that holds adapters is of this kind"])
        }
    }
}
