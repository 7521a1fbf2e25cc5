import CurlHTTP
import DynamicJSON
import Effects
import Foundation
import KubeAPI
import KubeSimulator
import TestSupport
import Testing

/// Everything in deploy/ and examples/ against an API server that refuses fields it does not know.
@Suite(.timeLimit(.minutes(10)))
struct InstallationTests {
    private static let namespace = "lora-operator"

    @Test func `every manifest is accepted with strict field validation`() async throws {
        try await withServer { server in
            for path in try Self.manifests(under: ["deploy", "examples"]) {
                for document in try JSONValue.documents(yaml: try Repository.text(path)) {
                    guard let place = Place(document) else { continue }
                    let answer = try await server.apply(document, place)
                    #expect(answer.status == 200 || answer.status == 201, "\(path): \(answer.text)")
                }
            }
        }
    }

    @Test(arguments: [
        ("deploy/base/deployment.yaml", "readOnlyRootFilesystem", "readonlyRootFilesystem"),
        ("deploy/base/rbac.yaml", "resourceNames", "resourceName"),
        ("deploy/base/network-policy.yaml", "policyTypes: [Ingress, Egress]", "policyTypes: [Ingres]"),
        ("deploy/monitoring/rules/rules.yaml", "expr:", "expression:"),
    ])
    func `a slip of the pen in a manifest is noticed`(path: String, right: String, wrong: String) async throws {
        let text = try Repository.text(path)
        try #require(text.contains(right))
        try await withServer { server in
            var refusals = 0
            for document in try JSONValue.documents(yaml: text.replacingOccurrences(of: right, with: wrong)) {
                guard let place = Place(document) else { continue }
                if try await server.apply(document, place).status >= 400 { refusals += 1 }
            }
            #expect(refusals > 0)
        }
    }

    @Test(
        .enabled(if: installedProgram("kubectl") != nil, "kubectl is not installed"),
        arguments: [
            "deploy", "deploy/monitoring", "deploy/overlays/single-namespace", "deploy/overlays/high-availability",
        ])
    func `kubectl applies it, in a dry run and for good`(directory: String) async throws {
        let kubectl = try #require(installedProgram("kubectl"))
        try await withServer { server in
            try await withTemporaryDirectory { home in
                try writeKubeconfig(to: "\(home)/kubeconfig", server: server.url)
                for namespace in ["inference"] { try await server.createNamespace(namespace) }
                // The definition of LoRAAdapter is there already, and this server takes no others.
                let rendered = try await runCommand(kubectl, ["kustomize", Repository.path(directory)])
                let documents = try JSONValue.documents(yaml: String(decoding: rendered, as: UTF8.self))
                let objects = documents.filter { $0["kind"]?.stringValue != "CustomResourceDefinition" }
                #expect(objects.count >= 2)
                let list: JSONValue = ["apiVersion": "v1", "kind": "List", "items": .array(objects)]
                try write(list.text, to: "\(home)/objects.json")
                for more in [["--dry-run=server"], []] {
                    try await runCommand(
                        "/bin/sh",
                        [
                            "-c",
                            "'\(kubectl)' --kubeconfig '\(home)/kubeconfig' apply --server-side --validate=strict "
                                + "\(more.joined(separator: " ")) -f '\(home)/objects.json' > '\(home)/log' 2>&1 "
                                + "|| { cat '\(home)/log' >&2; exit 1; }",
                        ], environment: ["HOME": home, "PATH": "/usr/bin:/bin"])
                }
            }
        }
    }

    @Test func `S17: the operator's pod passes Pod Security restricted`() throws {
        let documents = try JSONValue.documents(yaml: try Repository.text("deploy/base/deployment.yaml"))
        let deployment = try #require(documents.first { $0["kind"]?.stringValue == "Deployment" })
        let pod = try #require(deployment["spec", "template", "spec"])
        let containers = pod["containers"]?.arrayValue ?? []

        #expect(pod["securityContext", "runAsNonRoot"] == true)
        #expect((pod["securityContext", "runAsUser"]?.intValue ?? 0) >= 10_000)
        #expect(pod["securityContext", "seccompProfile", "type"] == "RuntimeDefault")
        for forbidden in ["hostNetwork", "hostPID", "hostIPC", "volumes"] { #expect(pod[forbidden] == nil) }
        #expect(containers.count == 1)
        for container in containers {
            #expect(container["securityContext", "allowPrivilegeEscalation"] == false)
            #expect(container["securityContext", "readOnlyRootFilesystem"] == true)
            #expect(container["securityContext", "capabilities", "drop"] == ["ALL"])
            #expect(container["securityContext", "privileged"] == nil)
            #expect(container["resources", "limits", "memory"] != nil)
            #expect(container["livenessProbe", "httpGet", "path"] == "/healthz")
            #expect(container["readinessProbe", "httpGet", "path"] == "/readyz")
        }
        #expect((deployment["spec", "replicas"]?.intValue ?? 0) >= 2)
        let namespace = try #require(
            try JSONValue.documents(yaml: try Repository.text("deploy/base/namespace.yaml")).first)
        #expect(namespace["metadata", "labels", "pod-security.kubernetes.io/enforce"] == "restricted")
    }

    @Test func `the flags of the Deployment are flags of the operator`() async throws {
        let flags = try await CommandHelp.flags(of: "run")
        let documents = try JSONValue.documents(yaml: try Repository.text("deploy/base/deployment.yaml"))
        let container = documents.first?["spec", "template", "spec", "containers"]?.arrayValue?.first
        let arguments = container?["args"]?.arrayValue?.compactMap(\.stringValue) ?? []

        #expect(arguments.first == "run")
        for argument in arguments.dropFirst() {
            #expect(flags.contains(String(argument.prefix { $0 != "=" })), "\(argument)")
        }
    }

    // MARK: The API server

    static func manifests(under directories: [String]) throws -> [String] {
        try directories.flatMap { directory in
            try FileManager.default.subpathsOfDirectory(atPath: Repository.path(directory)).sorted()
                .filter { $0.hasSuffix(".yaml") }.map { "\(directory)/\($0)" }
        }
    }

    private func withServer(_ body: (StrictServer) async throws -> Void) async throws {
        let api = try await SimulatedAPIServer(definitions: InstallationKinds.definitions)
        let http = CurlTransport()
        let server = StrictServer(url: api.configuration.server, http: http)
        do {
            try await server.createNamespace(Self.namespace)
            try await body(server)
        } catch {
            await api.stop()
            http.shutdown()
            throw error
        }
        await api.stop()
        http.shutdown()
    }

    /// Where an object goes; nil for what no API server stores, and for definitions.
    private struct Place {
        var path: String
        var name: String

        init?(_ document: JSONValue) {
            guard let version = document["apiVersion"]?.stringValue, let kind = document["kind"]?.stringValue,
                let name = document["metadata", "name"]?.stringValue, kind != "CustomResourceDefinition",
                !version.hasPrefix("kustomize.config.k8s.io/")
            else { return nil }
            self.name = name
            let plural = kind == "NetworkPolicy" ? "networkpolicies" : "\(kind.lowercased())s"
            let root = version.contains("/") ? "/apis/\(version)" : "/api/\(version)"
            let isClusterWide = ["Namespace", "ClusterRole", "ClusterRoleBinding"].contains(kind)
            let namespace = document["metadata", "namespace"]?.stringValue ?? InstallationTests.namespace
            path = isClusterWide ? "\(root)/\(plural)" : "\(root)/namespaces/\(namespace)/\(plural)"
        }
    }

    private struct StrictServer {
        var url: String
        var http: CurlTransport

        func createNamespace(_ name: String) async throws {
            let object: JSONValue = ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]]
            _ = try await send(.post, "/api/v1/namespaces", "application/json", object)
        }

        func apply(_ document: JSONValue, _ place: Place) async throws -> (status: Int, text: String) {
            let query = "?fieldManager=test&force=true&fieldValidation=Strict"
            return try await send(
                .patch, "\(place.path)/\(place.name)\(query)", "application/apply-patch+yaml", document)
        }

        private func send(
            _ method: HTTPRequest.Method, _ path: String, _ type: String, _ body: JSONValue
        ) async throws -> (status: Int, text: String) {
            var request = HTTPRequest(method, url + path)
            request.headers = [HTTPHeader("Content-Type", type)]
            request.body = body.encoded
            let reply = try await http.send(request)
            return (reply.head.status, String(decoding: reply.body, as: UTF8.self))
        }
    }
}
