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
        let list = paths.joined(separator: ":")
        let flat = directory.appendingPathComponent("flat").path
        try await flatten(list, to: flat)

        let ours = try KubeConfiguration.load(environment: ["KUBECONFIG": list])
        let theirs = try KubeConfiguration.load(kubeconfig: flat, environment: [:])

        #expect(ours.server == theirs.server)
        #expect(ours.tls == theirs.tls)
        #expect(ours.credentials == theirs.credentials)
        #expect(ours.namespace == theirs.namespace)
        #expect(ours.proxy == theirs.proxy)
    }

    private func flatten(_ list: String, to path: String) async throws {
        let output = try await runCommand(
            Self.kubectl, ["config", "view", "--raw", "--flatten", "-o", "json"],
            environment: ["KUBECONFIG": list, "HOME": "/nonexistent"])
        try Data(output).write(to: URL(fileURLWithPath: path))
    }
}
