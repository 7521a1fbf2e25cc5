import Foundation
import KubeSimulator
import Testing

/// What people do with kubectl, done with kubectl.
@Suite(.timeLimit(.minutes(3))) struct KubectlTests {
    private static let manifest = """
        apiVersion: lora-operator.dev/v1alpha1
        kind: LoRAAdapter
        metadata: {name: sql}
        spec:
          loraPath: /adapters/sql
          target: {service: {name: vllm, port: http}}
        """

    @Test func `apply creates, then finds nothing to do, then configures`() async throws {
        try await Kubectl.withServer { kubectl in
            let file = try kubectl.write("adapter.yaml", Self.manifest)
            let created = try await kubectl("apply", "-f", file)
            #expect(created.output == "loraadapter.lora-operator.dev/sql created\n", "\(created.all)")
            let again = try await kubectl("apply", "-f", file)
            #expect(again.output == "loraadapter.lora-operator.dev/sql unchanged\n", "\(again.all)")
            try kubectl.write("adapter.yaml", Self.manifest.replacing("/adapters/sql", with: "/adapters/sql-v2"))
            let changed = try await kubectl("apply", "-f", file)
            #expect(changed.output == "loraadapter.lora-operator.dev/sql configured\n", "\(changed.all)")
            let path = try await kubectl("get", "lora", "sql", "-o", "jsonpath={.spec.loraPath} {.metadata.generation}")
            #expect(path.output == "/adapters/sql-v2 2", "\(path.all)")
        }
    }

    @Test func `server-side apply takes over what client-side apply made`() async throws {
        try await Kubectl.withServer { kubectl in
            let file = try kubectl.write("adapter.yaml", Self.manifest)
            _ = try await kubectl("apply", "-f", file)
            let first = try await kubectl("apply", "--server-side", "--force-conflicts", "-f", file)
            #expect(first.output == "loraadapter.lora-operator.dev/sql serverside-applied\n", "\(first.all)")
            let version = kubectl.simulator.resourceVersion
            let second = try await kubectl("apply", "--server-side", "-f", file)
            #expect(second.status == 0, "\(second.all)")
            #expect(kubectl.simulator.resourceVersion == version, "a second apply changes nothing")
            let managers = kubectl.simulator.get("loraadapters", namespace: "default", name: "sql")?[
                "metadata", "managedFields"]
            #expect(managers?.arrayValue?.compactMap { $0["manager"]?.stringValue } == ["kubectl"])
        }
    }
}
