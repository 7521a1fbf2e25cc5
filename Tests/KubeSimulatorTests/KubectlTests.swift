import DynamicJSON
import Foundation
import KubeSimulator
import TestSupport
import Testing

/// What people do with kubectl, done with kubectl.
@Suite(.timeLimit(.minutes(10))) struct KubectlTests {
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
            // Their order is that of whole seconds.
            let names = managers?.arrayValue?.compactMap { $0["manager"]?.stringValue } ?? []
            #expect(names.sorted() == ["kubectl", "kubectl-last-applied"])
        }
    }

    @Test func `get prints the printer columns, wide more of them, and yaml everything`() async throws {
        try await Kubectl.withServer { kubectl in
            try kubectl.simulator.create(adapter("plain"))
            var ready = adapter("ready")
            ready["status"] = [
                "observedGeneration": 1, "phase": "Ready", "ready": "2/2", "id": "ready", "parent": "llama",
                "root": "/adapters/ready",
                "conditions": [
                    [
                        "type": "Ready", "status": "True", "reason": "Loaded", "message": "loaded on 2 servers",
                        "lastTransitionTime": "2026-01-01T00:00:00Z",
                    ]
                ],
            ]
            try kubectl.simulator.create(ready)
            let plain = try await kubectl("get", "loraadapters")
            let lines = plain.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            #expect(lines.first == ["NAME", "ADAPTER", "BASE", "SERVICE", "READY", "PHASE", "AGE"], "\(plain.all)")
            #expect(lines.last?.dropLast() == ["ready", "ready", "llama", "vllm", "2/2", "Ready"], "\(plain.all)")
            let wide = try await kubectl("get", "lora", "-A", "-o", "wide")
            #expect(wide.output.contains("MESSAGE") && wide.output.contains("loaded on 2 servers"), "\(wide.all)")
            let yaml = try await kubectl("get", "vllm", "-o", "yaml")
            #expect(yaml.output.contains("conflictPolicy: Fail"), "\(yaml.all)")
            let selected = try await kubectl("get", "lora", "--field-selector", "metadata.name=plain", "-o", "name")
            #expect(selected.output == "loraadapter.lora-operator.dev/plain\n", "\(selected.all)")
            let pages = try await kubectl("get", "lora", "--chunk-size=1", "-o", "name")
            #expect(pages.output.split(separator: "\n").count == 2, "\(pages.all)")
            let none = try await kubectl("get", "lora", "none")
            #expect(none.errors == "Error from server (NotFound): loraadapters.lora-operator.dev \"none\" not found\n")
        }
    }

    @Test func `a watch prints a line for each change`() async throws {
        try await Kubectl.withServer { kubectl in
            async let watching = kubectl("get", "lora", "-w", "--output-watch-events", "--request-timeout=8s")
            let isWatching = try await eventually {
                kubectl.simulator.list("loraadapters").isEmpty && kubectl.simulator.watchCount == 1
            }
            #expect(isWatching)
            try kubectl.simulator.create(adapter("sql"))
            var object = kubectl.simulator.get("loraadapters", namespace: "default", name: "sql") ?? [:]
            object["status", "phase"] = "Loading"
            try kubectl.simulator.replace(object)
            try kubectl.simulator.delete("loraadapters", namespace: "default", name: "sql")
            let result = try await watching
            let events = result.output.split(separator: "\n").dropFirst().compactMap { $0.split(separator: " ").first }
            #expect(events == ["ADDED", "MODIFIED", "DELETED"], "\(result.all)")
        }
    }

    @Test func `describe shows fields and events`() async throws {
        try await Kubectl.withServer { kubectl in
            let object = try kubectl.simulator.create(adapter("sql"))
            try kubectl.simulator.create([
                "apiVersion": "events.k8s.io/v1", "kind": "Event",
                "metadata": ["name": "sql.1", "namespace": "default"],
                "eventTime": "2026-11-20T00:00:00.000000Z", "reportingController": "lora-operator.dev/operator",
                "reportingInstance": "pod-a", "action": "Load", "reason": "Loaded", "type": "Normal",
                "note": "loaded on 3 servers",
                "regarding": [
                    "apiVersion": "lora-operator.dev/v1alpha1", "kind": "LoRAAdapter", "namespace": "default",
                    "name": "sql",
                    "uid": object["metadata", "uid"] ?? "",
                ],
            ])
            let described = try await kubectl("describe", "lora", "sql")
            #expect(described.output.contains("Lora Path:       /adapters/sql"), "\(described.all)")
            #expect(described.output.contains("loaded on 3 servers"), "\(described.all)")
            let events = try await kubectl("get", "events")
            #expect(events.output.contains("loraadapter/sql"), "\(events.all)")
            let ofObject = try await kubectl("events", "--for", "loraadapter/sql")
            #expect(ofObject.output.contains("loaded on 3 servers"), "\(ofObject.all)")
        }
    }

    @Test func `explain, api-resources, version and can-i know the kinds`() async throws {
        try await Kubectl.withServer { kubectl in
            let explained = try await kubectl("explain", "loraadapter.spec.target.service")
            #expect(explained.output.contains("name\t<string> -required-"), "\(explained.all)")
            let meta = try await kubectl("explain", "lora.metadata.labels")
            #expect(meta.output.contains("<map[string]string>"), "\(meta.all)")
            let pods = try await kubectl("explain", "pod.spec.containers")
            #expect(pods.status == 0 && pods.output.contains("image"), "\(pods.all)")
            let resources = try await kubectl("api-resources", "--api-group=lora-operator.dev", "--no-headers")
            let words = resources.output.split(whereSeparator: \.isWhitespace).map(String.init)
            #expect(
                words == ["loraadapters", "lora,loras", "lora-operator.dev/v1alpha1", "true", "LoRAAdapter"],
                "\(resources.all)")
            let all = try await kubectl("api-resources", "-o", "name")
            #expect(
                all.output.contains("endpointslices.discovery.k8s.io")
                    && all.output.contains("leases.coordination.k8s.io"))
            let version = try await kubectl("version")
            #expect(version.output.contains("Server Version: v1.36"), "\(version.all)")
            let allowed = try await kubectl("auth", "can-i", "list", "loraadapters")
            #expect(allowed.output == "yes\n", "\(allowed.all)")
            let ready = try await kubectl("get", "--raw", "/a-secret/readyz")
            #expect(ready.output == "ok", "\(ready.all)")
            let definitions = try await kubectl("get", "crd")
            #expect(definitions.output.contains("loraadapters.lora-operator.dev"), "\(definitions.all)")
        }
    }

    @Test func `wait ends when the condition turns true`() async throws {
        try await Kubectl.withServer { kubectl in
            try kubectl.simulator.create(adapter("sql"))
            async let waiting = kubectl("wait", "--for=condition=Ready", "lora/sql", "--timeout=90s")
            #expect(try await eventually { kubectl.simulator.watchCount == 1 })
            var object = kubectl.simulator.get("loraadapters", namespace: "default", name: "sql") ?? [:]
            // kubectl does not believe a status of an older generation.
            object["status", "observedGeneration"] = 1
            object["status", "conditions"] = [
                [
                    "type": "Ready", "status": "True", "reason": "Loaded", "message": "",
                    "lastTransitionTime": "2026-01-01T00:00:00Z",
                ]
            ]
            try kubectl.simulator.replace(object)
            let result = try await waiting
            #expect(result.output == "loraadapter.lora-operator.dev/sql condition met\n", "\(result.all)")
        }
    }

    @Test func `patch, label and annotate change the object, delete waits for the finalizer`() async throws {
        try await Kubectl.withServer { kubectl in
            try kubectl.simulator.create(adapter("sql"))
            let patched = try await kubectl("patch", "lora", "sql", "--type=merge", "-p", #"{"spec":{"suspend":true}}"#)
            #expect(patched.output == "loraadapter.lora-operator.dev/sql patched\n", "\(patched.all)")
            let unknown = try await kubectl(
                "patch", "lora", "sql", "--type=merge", "-p", #"{"spec":{"nonsense":true}}"#)
            #expect(unknown.errors.contains(#"Warning: unknown field "spec.nonsense""#), "\(unknown.all)")
            let labelled = try await kubectl("label", "lora", "sql", "a=b")
            #expect(labelled.output == "loraadapter.lora-operator.dev/sql labeled\n", "\(labelled.all)")
            let selected = try await kubectl("get", "lora", "-l", "a=b,!c", "-o", "name")
            #expect(selected.output == "loraadapter.lora-operator.dev/sql\n", "\(selected.all)")
            let add = #"{"metadata":{"finalizers":["lora-operator.dev/unload"]}}"#
            _ = try await kubectl("patch", "lora", "sql", "--type=merge", "-p", add)
            async let deleting = kubectl("delete", "lora", "sql", "--timeout=90s")
            let isTerminating = try await eventually {
                kubectl.simulator.get("loraadapters", namespace: "default", name: "sql")?[
                    "metadata", "deletionTimestamp"] != nil
            }
            #expect(isTerminating)
            let remove = #"[{"op":"remove","path":"/metadata/finalizers"}]"#
            _ = try await kubectl("patch", "lora", "sql", "--type=json", "-p", remove)
            let deleted = try await deleting
            #expect(deleted.status == 0 && deleted.output.contains("deleted"), "\(deleted.all)")
            #expect(kubectl.simulator.list("loraadapters").isEmpty)
        }
    }

    @Test func `diff shows what apply would do and does nothing`() async throws {
        try await Kubectl.withServer { kubectl in
            try kubectl.simulator.create(adapter("sql"))
            let file = try kubectl.write(
                "adapter.yaml", Self.manifest.replacing("/adapters/sql", with: "/adapters/new"))
            let version = kubectl.simulator.resourceVersion
            let diff = try await kubectl("diff", "-f", file)
            #expect(diff.status == 1 && diff.output.contains("+  loraPath: /adapters/new"), "\(diff.all)")
            let serverSide = try await kubectl("diff", "--server-side", "--force-conflicts", "-f", file)
            #expect(
                serverSide.status == 1 && serverSide.output.contains("+  loraPath: /adapters/new"), "\(serverSide.all)")
            #expect(kubectl.simulator.resourceVersion == version)
        }
    }

    @Test(arguments: [["apply"], ["apply", "--server-side"]])
    func `built-in kinds can be applied twice`(command: [String]) async throws {
        try await Kubectl.withServer { kubectl in
            let file = try kubectl.write(
                "built-in.yaml",
                """
                apiVersion: v1
                kind: Namespace
                metadata: {name: demo}
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: vllm, namespace: demo}
                spec: {selector: {app: vllm}, ports: [{name: http, port: 80, targetPort: 8000}]}
                ---
                apiVersion: v1
                kind: Secret
                metadata: {name: key, namespace: demo}
                stringData: {token: secret}
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: vllm-1, namespace: demo, labels: {kubernetes.io/service-name: vllm}}
                addressType: IPv4
                ports: [{name: http, port: 8000}]
                endpoints: [{addresses: [10.0.0.1], conditions: {ready: true}}]
                """)
            let created = try await kubectl.run(command + ["-f", file])
            #expect(created.status == 0, "\(created.all)")
            #expect(kubectl.simulator.get("secrets", namespace: "demo", name: "key")?["data", "token"] == "c2VjcmV0")
            let version = kubectl.simulator.resourceVersion
            let again = try await kubectl.run(command + ["-f", file])
            #expect(again.status == 0, "\(again.all)")
            #expect(kubectl.simulator.resourceVersion == version, "\(again.all)")
            for (plural, wanted) in [
                ("svc", "80/TCP"), ("secret", "Opaque"), ("endpointslices", "10.0.0.1"), ("ns", "Active"),
            ] {
                let listed = try await kubectl("get", plural, "-n", "demo")
                #expect(listed.output.contains(wanted), "\(listed.all)")
            }
            let deleted = try await kubectl("delete", "namespace", "demo", "--timeout=90s")
            #expect(deleted.status == 0, "\(deleted.all)")
            #expect(kubectl.simulator.list("services").isEmpty)
        }
    }

    @Test func `create makes namespaces and secrets`() async throws {
        try await Kubectl.withServer { kubectl in
            let namespace = try await kubectl("create", "namespace", "demo")
            #expect(namespace.output == "namespace/demo created\n", "\(namespace.all)")
            let secret = try await kubectl(
                "create", "secret", "generic", "key", "-n", "demo", "--from-literal=token=secret")
            #expect(secret.output == "secret/key created\n", "\(secret.all)")
            #expect(kubectl.simulator.get("secrets", namespace: "demo", name: "key")?["data", "token"] == "c2VjcmV0")
        }
    }

    @Test func `a refusal says what to write instead`() async throws {
        try await Kubectl.withServer { kubectl in
            let names = [
                "b-refused-dots", "c-refused-blank-name", "d-refused-newline", "e-refused-bad-duration",
                "f-refused-replicas-zero",
                "g-refused-tls-without-https", "h-refused-port-zero", "i-refused-bad-enum", "k-refused-wrong-type",
                "-create-missing-target-422",
            ]
            for name in names {
                let recording = try Recording.named("026\(name)")
                let file = try kubectl.write("refused.json", recording.body)
                let result = try await kubectl("apply", "-f", file)
                let status = try JSONDecoder().decode(JSONValue.self, from: Data(recording.responseBody.utf8))
                for cause in status["details", "causes"]?.arrayValue ?? [] {
                    let message = cause["message"]?.stringValue ?? ""
                    #expect(result.status != 0 && result.errors.contains(message), "\(name): \(result.all)")
                }
            }
            let strict = try kubectl.write("strict.yaml", Self.manifest + "\n  nonsense: 1\n")
            let unknown = try await kubectl("apply", "-f", strict)
            #expect(unknown.errors.contains(#"unknown field "spec.nonsense""#), "\(unknown.all)")
        }
    }
}
