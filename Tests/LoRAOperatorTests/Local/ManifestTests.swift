import TestSupport
import Testing

@testable import LoRAOperator

/// What `local --manifests` makes of files.
struct LocalManifestTests {
    private let adapter = """
        apiVersion: lora-operator.dev/v1alpha1
        kind: LoRAAdapter
        metadata: {name: sql}
        """

    @Test func `a broken file is told by the line in which it is broken`() {
        let broken: [(text: String, line: Int)] = [
            ("kind: [LoRAAdapter", 1),
            ("# comment\n\n\(adapter)\n---\nkind: {a: b\nc", 8),
            ("\(adapter)\nmetadata: {name: again}\n", 4),
            ("\(adapter)\n---\n# only a name is missing\n\nkind: LoRAAdapter\n", 7),
            ("---\n---\nkind: Deployment\napiVersion: apps/v1\nmetadata: {name: x}\n", 3),
            ("\n\(adapter.replacing("{name: sql}", with: "{name: sql, namespace: other}"))", 2),
            ("a: b\n\tc: d", 2), ("\(adapter)\n---\n\(adapter)\n", 5),
        ]
        for (text, line) in broken {
            let problem = #expect(throws: Manifest.Problem.self, "\(text)") { try Manifest.read(text, file: "f.yaml") }
            #expect(problem?.line == line, "\(text): \(problem?.description ?? "")")
            #expect(problem?.description.contains("\n") == false)
        }
    }

    @Test func `documents that are empty or comments alone are none`() throws {
        let text =
            "# one\n---\n\(adapter)\n---\n\n--- \n# two\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: key}"
        let manifests = try Manifest.read(text, file: "f.yaml")
        #expect(manifests.map(\.key.description) == ["LoRAAdapter default/sql", "Secret default/key"])
        #expect(manifests.map(\.line) == [3, 11])
        #expect(try Manifest.read("", file: "f.yaml").isEmpty)
    }

    @Test func `a file counts once it is seen the same twice, and gone once it is missed twice`() {
        var look = ManifestLook()
        #expect(look.steps(after: ["a": "1"]) == [])
        #expect(look.steps(after: ["a": ""]) == [], "an editor at work")
        #expect(look.steps(after: ["a": "2"]) == [])
        #expect(look.steps(after: ["a": "2"]) == [.apply(file: "a", text: "2")])
        #expect(look.steps(after: ["a": "2"]) == [.apply(file: "a", text: "2")], "until it is done")
        look.took(.apply(file: "a", text: "2"))
        #expect(look.steps(after: ["a": "2"]) == [])
        #expect(look.isSettled)
        #expect(look.steps(after: [:]) == [])
        #expect(look.steps(after: ["a": "2"]) == [], "an editor that moved it away for a moment")
        #expect(look.steps(after: nil) == [], "a directory that cannot be read says nothing")
        #expect(look.steps(after: [:]) == [])
        #expect(look.steps(after: [:]) == [.remove(file: "a")])
    }

    @Test func `a file that cannot be read counts as it was`() {
        var look = ManifestLook()
        for text in ["1", "1"] { look.steps(after: ["a": text]).forEach { look.took($0) } }
        #expect(look.steps(after: [:], unreadable: ["a", "b"]) == [])
        #expect(look.steps(after: [:], unreadable: ["a", "b"]) == [] && look.isSettled)
        #expect(look.steps(after: ["a": "2"]) == [])
        #expect(look.steps(after: ["a": "2"]) == [.apply(file: "a", text: "2")])
        look.took(.apply(file: "a", text: "2"))
        look.repeats("a")
        #expect(look.steps(after: ["a": "2"]) == [.apply(file: "a", text: "2")])
    }

    @Test(arguments: [
        ("http://127.0.0.1:8000", "127.0.0.1", "127.0.0.1", 8000),
        ("http://localhost:8000/", "127.0.0.1", "127.0.0.1", 8000),
        ("http://[::1]:8000", "::1", "::1", 8000),
        ("https://GPU1.example.com", "gpu1-example-com", "gpu1.example.com", 443),
        ("http://vllm", "vllm", "vllm", 80),
    ])
    func `a server is named by address or host name`(url: String, name: String, host: String, port: Int) throws {
        let server = try LocalServer(url: url)
        #expect((server.name, server.host, server.port) == (name, host, port))
    }

    @Test(arguments: [
        "vllm:8000", "http://", "http://a b", "http://300.1.2.3:8000", "http://-a", "http://a..b", "http://a:0",
    ])
    func `what is no server is refused`(url: String) {
        #expect(throws: StartupError.self) { try LocalServer(url: url) }
    }

    @Test func `a name that cannot be looked up keeps its address, and one that moved gets another`() throws {
        let servers = try ["http://127.0.0.1:8000", "http://gpu1:8000"].map(LocalServer.init(url:))
        let endpoints = LocalEndpoints(servers)
        #expect(endpoints.names == ["gpu1"])
        #expect(endpoints.places.map(\.address) == ["127.0.0.1"])
        #expect(endpoints.found(["10.0.0.7", "10.0.0.8"], for: "gpu1"))
        #expect(!endpoints.found([], for: "gpu1"), "offline is not deleted")
        #expect(!endpoints.found(["10.0.0.8", "10.0.0.7"], for: "gpu1"), "one of several addresses stays the one")
        #expect(endpoints.allows("10.0.0.7:8000") && !endpoints.allows("10.0.0.8:8000"))

        let slices = endpoints.slices(of: "vllm", in: "default")
        #expect(slices.count == 1)
        #expect(LocalEndpoints.addresses(in: slices, of: servers) == ["gpu1": "10.0.0.7"], "known after a restart")

        #expect(endpoints.found(["10.0.0.9"], for: "gpu1"))
        #expect(endpoints.allows("10.0.0.9:8000") && !endpoints.allows("10.0.0.7:8000"))
    }
}
