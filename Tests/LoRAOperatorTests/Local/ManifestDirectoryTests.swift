import CurlHTTP
import DynamicJSON
import Foundation
import KubeAPI
import TestSupport
import Testing

/// `local --manifests` on directories as they really are.
@Suite(.timeLimit(.minutes(10)))
struct ManifestDirectoryTests {
    @Test func `a file that cannot be read holds up no other, and takes nothing away`() async throws {
        try await withManifests(["a.yaml": adapter("a"), "b.yaml": adapter("b")]) { manifests in
            try await manifests.expect(["a=/adapters/a", "b=/adapters/b"])

            try Data([0x6B, 0xFF, 0xFE]).write(to: URL(filePath: "\(manifests.path)/a.yaml"))
            try FileManager.default.createDirectory(
                atPath: "\(manifests.path)/directory.yaml", withIntermediateDirectories: false)
            #expect(unsafe mkfifo("\(manifests.path)/pipe.yaml", 0o600) == 0)
            try FileManager.default.createSymbolicLink(
                atPath: "\(manifests.path)/loop.yaml", withDestinationPath: "loop.yaml")
            try FileManager.default.createSymbolicLink(
                atPath: "\(manifests.path)/dangling.yaml", withDestinationPath: "nowhere")
            try manifests.write(adapter("c"), "c.yaml")
            try await manifests.expect(["a=/adapters/a", "b=/adapters/b", "c=/adapters/c"])
            for file in ["a.yaml", "directory.yaml", "pipe.yaml", "loop.yaml"] {
                let isTold = try await eventually { manifests.told("/\(file)") == 1 }
                #expect(isTold, "\(file): \(manifests.process.output)")
            }
            #expect(manifests.told("dangling.yaml") == 0)

            try manifests.write(adapter("a", "/adapters/new"), "a.yaml")
            try await manifests.expect(["a=/adapters/new", "b=/adapters/b", "c=/adapters/c"])
        }
    }

    @Test func `a directory that is gone is told, takes nothing away, and counts again when it is back`() async throws {
        try await withManifests(["a.yaml": adapter("a")]) { manifests in
            try await manifests.expect(["a=/adapters/a"])
            try FileManager.default.moveItem(atPath: manifests.path, toPath: "\(manifests.path)-away")
            #expect(try await eventually { manifests.told("the manifests cannot be read") == 1 })
            try await manifests.expect(["a=/adapters/a"])
            try FileManager.default.createDirectory(atPath: manifests.path, withIntermediateDirectories: false)
            try manifests.write(adapter("b"), "b.yaml")
            try await manifests.expect(["b=/adapters/b"])
        }
    }

    @Test func `of two files with one object the first counts, and the other one when that is gone`() async throws {
        try await withManifests(["a.yaml": adapter("sql", "/adapters/1")]) { manifests in
            try await manifests.expect(["sql=/adapters/1"])
            try manifests.write(adapter("sql", "/adapters/2"), "b.yaml")
            let isTold = try await eventually { manifests.told("an object is in two manifests") == 1 }
            #expect(isTold && manifests.told("b.yaml:1") == 1, "\(manifests.process.output)")
            try await manifests.expect(["sql=/adapters/1"])
            try FileManager.default.removeItem(atPath: "\(manifests.path)/a.yaml")
            try await manifests.expect(["sql=/adapters/2"])
            try FileManager.default.removeItem(atPath: "\(manifests.path)/b.yaml")
            try await manifests.expect([])
        }
    }

    @Test func `a file that is renamed, and an object that moves to another file, are the same objects as before`()
        async throws
    {
        try await withManifests(["b.yaml": adapter("x"), "c.yaml": adapter("y")]) { manifests in
            try await manifests.expect(["x=/adapters/x", "y=/adapters/y"])
            let before = try await manifests.uids
            try FileManager.default.moveItem(atPath: "\(manifests.path)/b.yaml", toPath: "\(manifests.path)/d.yaml")
            try manifests.write(adapter("y") + "\n---\n" + adapter("z"), "a.yaml")
            try manifests.write(adapter("v"), "c.yaml")
            try await manifests.expect(["v=/adapters/v", "x=/adapters/x", "y=/adapters/y", "z=/adapters/z"])
            try manifests.write(adapter("y", "/adapters/2"), "a.yaml")
            try await manifests.expect(["v=/adapters/v", "x=/adapters/x", "y=/adapters/2"])
            #expect(try await manifests.uids.filter { before.contains($0) } == before)
            #expect(manifests.told("error") == 0, "\(manifests.process.output)")
        }
    }

    @Test func `a file whose objects are refused takes none of its former ones away`() async throws {
        try await withManifests(["a.yaml": adapter("old")]) { manifests in
            try await manifests.expect(["old=/adapters/old"])
            try manifests.write(adapter("new").replacing("loraPath", with: "loraPaht"), "a.yaml")
            #expect(try await eventually { manifests.told("a manifest was refused") == 1 })
            try await manifests.expect(["old=/adapters/old"])
            try manifests.write(adapter("new"), "a.yaml")
            try await manifests.expect(["new=/adapters/new"])
        }
    }

    /// What the kubelet makes of a ConfigMap: files are links through `..data`, which is replaced at one stroke.
    @Test func `a mounted ConfigMap is followed`() async throws {
        try await withManifests([:]) { manifests in
            let place = manifests.path
            func publish(_ version: String, _ files: [String: String]) throws {
                try FileManager.default.createDirectory(
                    atPath: "\(place)/..\(version)", withIntermediateDirectories: false)
                for (name, text) in files { try manifests.write(text, "..\(version)/\(name)") }
                try FileManager.default.createSymbolicLink(
                    atPath: "\(place)/..data_tmp", withDestinationPath: "..\(version)")
                #expect(unsafe rename("\(place)/..data_tmp", "\(place)/..data") == 0)
                for name in files.keys where !FileManager.default.fileExists(atPath: "\(place)/\(name)") {
                    try FileManager.default.createSymbolicLink(
                        atPath: "\(place)/\(name)", withDestinationPath: "..data/\(name)")
                }
            }
            try publish("1", ["a.yaml": adapter("a"), "b.yaml": adapter("b")])
            try await manifests.expect(["a=/adapters/a", "b=/adapters/b"])
            // The link of b.yaml dangles until the kubelet takes it away.
            try publish("2", ["a.yaml": adapter("a", "/adapters/2")])
            try await manifests.expect(["a=/adapters/2"])
            #expect(manifests.told("error") == 0, "\(manifests.process.output)")
        }
    }

    private func adapter(_ name: String, _ path: String? = nil) -> String {
        """
        apiVersion: lora-operator.dev/v1alpha1
        kind: LoRAAdapter
        metadata: {name: \(name)}
        spec: {loraPath: \(path ?? "/adapters/\(name)"), target: {service: {name: vllm}}}
        """
    }

    private struct Manifests {
        var path: String
        var process: ServerProcess
        var api: ObjectAPI

        func write(_ text: String, _ file: String) throws {
            try text.write(toFile: "\(path)/\(file)", atomically: true, encoding: .utf8)
        }

        /// Of the adapters, by name.
        var uids: [String] {
            get async throws {
                try await api.list("loraadapters").map { $0["metadata", "uid"]?.stringValue ?? "" }.sorted()
            }
        }

        func told(_ text: String) -> Int { process.lines.count { $0.contains(text) } }

        func expect(_ adapters: [String], sourceLocation: SourceLocation = #_sourceLocation) async throws {
            var found: [String] = []
            let isSo = try await eventually {
                found = try await api.list("loraadapters").map {
                    "\($0["metadata", "name"]?.stringValue ?? "")=\($0["spec", "loraPath"]?.stringValue ?? "")"
                }
                .sorted()
                return found == adapters
            }
            try #require(isSo, "\(found): \(process.output)", sourceLocation: sourceLocation)
        }
    }

    private func withManifests(_ files: [String: String], _ body: (Manifests) async throws -> Void) async throws {
        try await withTemporaryDirectory { home in
            let path = "\(home)/manifests"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            for (name, text) in files { try write(text, to: "\(path)/\(name)") }
            let kubeconfig = "\(home)/kubeconfig"
            let arguments = ["local", "--simulate", "1", "--manifests", path, "--write-kubeconfig", kubeconfig]
            try await OperatorProcess.run(arguments, in: home) { process in
                let isUp = try await eventually { FileManager.default.fileExists(atPath: kubeconfig) }
                try #require(isUp, "\(process.output)")
                let http = CurlTransport()
                defer { http.shutdown() }
                let configuration = try KubeConfiguration.load(kubeconfig: kubeconfig, environment: [:])
                try await body(
                    Manifests(
                        path: path, process: process, api: ObjectAPI(configuration: configuration, http: http)))
            }
        }
    }
}
