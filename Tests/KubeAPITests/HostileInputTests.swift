import Effects
import KubeAPI
import TestSupport
import Testing

/// Bytes that nobody meant: whatever comes, there is an answer or an error, and never a trap.
struct HostileInputTests {
    /// A small generator, so that every run sees the same bytes.
    private struct Noise {
        var state: UInt64

        mutating func next(below bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(max(bound, 1)))
        }

        /// The bytes with some of them replaced, dropped or doubled.
        mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
            let marks = Array(#"{}[]",:\ 0e-.tfn"#.utf8) + [0, 0xFF, 0xC3, 0x0A]
            var bytes = bytes
            for _ in 0...next(below: 6) where !bytes.isEmpty {
                let index = next(below: bytes.count)
                switch next(below: 3) {
                case 0: bytes[index] = marks[next(below: marks.count)]
                case 1: bytes.remove(at: index)
                default: bytes.insert(marks[next(below: marks.count)], at: index)
                }
            }
            return bytes
        }

        mutating func chunks(_ bytes: [UInt8]) -> [[UInt8]] {
            var chunks: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = 1 + next(below: 700)
                chunks.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            return chunks
        }
    }

    @Test(arguments: 0..<12)
    func `6: damaged lists and watches end in events or errors`(seed: UInt64) async throws {
        var noise = Noise(state: seed)
        for name in ["061", "071", "072"] {
            let body = noise.damaged(try #require(Transcript.named(name, of: "kubernetes")).body)
            let chunks = noise.chunks(body)
            let script = ScriptedClient([{ _ in .stream(chunks) }, { _ in .stream(chunks) }])
            _ = await script.error { try await $0.list(TestAdapter.self, in: "demo", ListOptions(limit: nil)) }
            _ = await script.error { client in
                try await client.withWatch(TestAdapter.self, in: "demo", from: .after("1")) { for try await _ in $0 {} }
            }
        }
    }

    @Test(arguments: 0..<40)
    func `6: damaged refusals are refusals`(seed: UInt64) async throws {
        var noise = Noise(state: seed)
        let body = noise.damaged(try #require(Transcript.named("023", of: "kubernetes")).body)
        let script = ScriptedClient([{ _ in HTTPResponse(status: 422, body: body) }])
        let error = await script.error { try await $0.get(TestAdapter.self, NamespacedName(namespace: "n", name: "x")) }
        guard case .invalid = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(arguments: 0..<40)
    func `165: damaged kubeconfigs are configurations or one clear line`(seed: UInt64) {
        var noise = Noise(state: seed)
        let text = """
            current-context: c
            clusters: [{name: c, cluster: {server: "https://h:6443", certificate-authority-data: LS0tLS1CRUdJTiBY}}]
            users: [{name: c, user: {token: t}}]
            contexts: [{name: c, context: {cluster: c, user: c, namespace: n}}]
            """
        let files = Files([:])
        for _ in 0..<10 {
            files.set("/k", noise.damaged(Array(text.utf8)))
            do {
                _ = try KubeConfiguration.load(kubeconfig: "/k", environment: [:], readFile: files.reader)
            } catch {
                #expect(error is KubeConfigurationError)
                #expect(!"\(error)".contains("\n"))
            }
        }
    }
}
