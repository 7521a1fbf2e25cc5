import Foundation
import KubeAPI
import TestSupport
import Testing

/// The real kubectl merges and flattens; what we read from its result must equal what we read ourselves.
struct KubectlTests {
    private static let kubectl = "/usr/bin/kubectl"

    static let cases: [[String]] = [
        [
            """
            current-context: a
            clusters: [{name: a, cluster: {server: "https://a", certificate-authority: ca.pem}}]
            users: [{name: a, user: {token: t}}]
            contexts: [{name: a, context: {cluster: a, user: a, namespace: prod}}]
            """
        ],
        [
            """
            clusters: [{name: a, cluster: {server: "https://first"}}]
            """,
            """
            current-context: a
            clusters: [{name: a, cluster: {server: "https://second", tls-server-name: x}}]
            users: [{name: a, user: {client-certificate: c.pem, client-key: k.pem}}]
            contexts: [{name: a, context: {cluster: a, user: a}}]
            """,
        ],
        [
            """
            current-context: a
            contexts: [{name: a, context: {cluster: b, user: a, namespace: one}}]
            users: [{name: a, user: {token: first}}]
            """,
            """
            current-context: a
            contexts: [{name: a, context: {cluster: b, user: b, namespace: two}}, {name: b, context: {cluster: b, user: a}}]
            clusters: [{name: b, cluster: {server: "https://b", insecure-skip-tls-verify: true, proxy-url: "http://p:3128"}}]
            users: [{name: a, user: {token: second}}]
            """,
        ],
        [
            "", "current-context: ''",
            """
            {"current-context": "a", "clusters": [{"name": "a", "cluster": {"server": "https://json:1"}}],
             "contexts": [{"name": "a", "context": {"cluster": "a", "user": ""}}], "users": null}
            """,
        ],
        [
            """
            clusters: null
            contexts: ~
            users:
            - name: u
              user: {token: inline, as: me, as-groups: [g], as-user-extra: {"É/x": [a, "b c"]}}
            """,
            """
            current-context: x
            clusters: [{name: c, cluster: {server: "https://[fd00::1]:6443/prefix/", certificate-authority: ca.pem}}]
            users: [{name: u, user: {token: other, client-certificate: c.pem, client-key: k.pem}}]
            contexts: [{name: x, context: {cluster: c, user: u}}]
            """,
            """
            current-context: z
            clusters: [{name: c, cluster: {server: "https://other", tls-server-name: tls}}]
            users: [{name: u, user: {client-certificate: c.pem, client-key: k.pem}}, {name: v, user: {token: t}}]
            contexts: [{name: x, context: {cluster: c, user: v, namespace: other}}]
            """,
        ],
        [
            """
            defaults: &defaults {server: "https://a", insecure-skip-tls-verify: yes}
            current-context: 'a'
            clusters: [{name: a, cluster: {<<: *defaults, proxy-url: "socks5://u:p@h:1", disable-compression: on}}]
            contexts: [&c {name: a, context: {cluster: a, user: a, namespace: "null"}}, {name: b, context: null}]
            users:
            - name: a
              user: &u
                exec:
                  apiVersion: client.authentication.k8s.io/v1beta1
                  command: aws
                  args: [--a, "1", 'null', ""]
                  env: [{name: A, value: ""}, {name: B, value: "c=d"}]
                  provideClusterInfo: true
                  interactiveMode: IfAvailable
                  installHint: |
                    run this
                    and that
            - {name: b, user: *u}
            --- # what follows is nobody's
            current-context: z
            """
        ],
    ]

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: kubectl)), arguments: cases.indices)
    func `155, 156, 157: kubeconfigs are merged as kubectl merges them`(index: Int) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("kubectl-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let names = ["ca.pem", "c.pem", "k.pem"]
        var paths: [String] = []
        for (number, text) in Self.cases[index].enumerated() {
            let folder = directory.appendingPathComponent("\(number)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for name in names {
                try Data(pem("\(name) \(number)").utf8).write(to: folder.appendingPathComponent(name))
            }
            let file = folder.appendingPathComponent("config")
            try Data(text.utf8).write(to: file)
            paths.append(file.path)
        }
        let list = (["", "/nonexistent"] + paths + [paths[0], ""]).joined(separator: ":")
        let flat = directory.appendingPathComponent("flat").path
        try await flatten(list, to: flat)

        let ours = try KubeConfiguration.load(environment: ["KUBECONFIG": list])
        let theirs = try KubeConfiguration.load(kubeconfig: flat, environment: [:])

        #expect(ours.server == theirs.server)
        #expect(ours.tls == theirs.tls)
        #expect(ours.credentials == theirs.credentials)
        #expect(ours.namespace == theirs.namespace)
        #expect(ours.proxy == theirs.proxy)
        #expect(ours.impersonation == theirs.impersonation)
        #expect(ours.acceptsCompression == theirs.acceptsCompression)
    }

    @Test(
        .enabled(if: FileManager.default.isExecutableFile(atPath: kubectl)),
        arguments: [
            "clusters: {}", "clusters:\n\t- name: a", "users: [{name: u, user: {as-groups: a}}]",
            "kind: Pod\napiVersion: v1",
            "kind: Config\napiVersion: v2",
            "clusters: [{name: a, cluster: {server: x}}, {name: a, cluster: {server: z}}]",
            "users: [{name: u, user: {as-user-extra: {a: b}}}]", "clusters: [{name: a, cluster: {server: [x]}}]",
            "clusters: [{name: a, cluster: {insecure-skip-tls-verify: 'true'}}]", "{", "[]", "a: *b",
            "current-context: [a]",
        ])
    func `155, 165: what kubectl refuses is refused, beside a file that is good too`(text: String) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("kubectl-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let good = """
            current-context: c
            clusters: [{name: c, cluster: {server: "https://h"}}]
            contexts: [{name: c, context: {cluster: c, user: ""}}]
            """
        for (name, text) in [("good", good), ("bad", text)] {
            try Data(text.utf8).write(to: directory.appendingPathComponent(name))
        }
        let list = ["good", "bad"].map { directory.appendingPathComponent($0).path }.joined(separator: ":")

        await #expect(throws: (any Error).self) { try await flatten(list, to: "/dev/null") }
        #expect(throws: KubeConfigurationError.self) { try KubeConfiguration.load(environment: ["KUBECONFIG": list]) }
    }

    private func flatten(_ list: String, to path: String) async throws {
        let output = try await runCommand(
            Self.kubectl, ["config", "view", "--raw", "--flatten", "-o", "json"],
            environment: ["KUBECONFIG": list, "HOME": "/nonexistent"])
        try Data(output).write(to: URL(fileURLWithPath: path))
    }
}
