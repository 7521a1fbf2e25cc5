import Effects
import KubeAPI
import Synchronization
import TestSupport
import Testing

struct RotationTests {
    private let key = NamespacedName(namespace: "demo", name: "sql")
    private let time = InstantTime()
    private let files = Files(["/ca": pem("old ca"), "/cert": pem("old cert"), "/key": pem("old key")])

    private func client(_ answers: [ScriptedTransport.Answer]) -> (KubeClient, ScriptedTransport) {
        var configuration = KubeConfiguration(server: "https://h", readFile: files.reader)
        configuration.tls.authorities = Array(pem("old ca").utf8)
        configuration.tls.clientCertificate = Array(pem("old cert").utf8)
        configuration.tls.clientKey = Array(pem("old key").utf8)
        configuration.tlsFiles.authorities = "/ca"
        configuration.tlsFiles.clientCertificate = "/cert"
        configuration.tlsFiles.clientKey = "/key"
        let transport = ScriptedTransport(answers) { _ in .json(#"{"kind":"Status","code":404}"#, status: 404) }
        let effects = Effects(http: transport, time: time, random: FixedRandom())
        return (KubeClient(configuration: configuration, effects: effects, userAgent: "test/1"), transport)
    }

    private func get(_ client: KubeClient, _ transport: ScriptedTransport) async -> TLSOptions? {
        _ = try? await client.get(TestAdapter.self, key)
        return transport.requests.last?.options.tls
    }

    @Test func `153, 167: rotated authorities and certificates are used after a minute`() async {
        let (client, transport) = client([])
        #expect(await get(client, transport)?.authorities == Array(pem("old ca").utf8))
        files["/ca"] = pem("new ca")
        files["/cert"] = pem("new cert")
        files["/key"] = pem("new key")
        time.advance(by: .seconds(59))
        #expect(await get(client, transport)?.authorities == Array(pem("old ca").utf8))
        time.advance(by: .seconds(1))
        let tls = await get(client, transport)
        #expect(tls?.authorities == Array(pem("new ca").utf8))
        #expect(tls?.clientCertificate == Array(pem("new cert").utf8))
        #expect(tls?.clientKey == Array(pem("new key").utf8))
    }

    @Test(arguments: [
        nil, "", "garbage", "-----BEGIN CERTIFICATE-----\nMA",
        "-----BEGIN CERTIFICATE-----\n%%\n-----END CERTIFICATE-----\n",
        // Two bytes of five that the length announces.
        "-----BEGIN CERTIFICATE-----\nMAUCAQ==\n-----END CERTIFICATE-----\n",
        pem("whole") + "-----BEGIN CERTIFICATE-----\nMAA=\n",
    ])
    func `153: a bundle that is no bundle is ignored`(text: String?) async {
        let (client, transport) = client([])
        files["/ca"] = text
        time.advance(by: .seconds(60))
        #expect(await get(client, transport)?.authorities == Array(pem("old ca").utf8))
    }

    @Test(arguments: [true, false])
    func `167: a watch ends when its certificate was replaced, and else it goes on`(replaced: Bool) async throws {
        let event = Array(
            (#"{"type":"BOOKMARK","object":{"apiVersion":"lora-operator.dev/v1alpha1","kind":"LoRAAdapter","#
                + #""metadata":{"name":"","resourceVersion":"9"},"spec":{"loraPath":""}}}"#).utf8)
        let left = Mutex(3)
        let (client, _) = client([
            { [files, time] _ in
                HTTPResponse(
                    head: HTTPResponseHead(status: 200, headers: [HTTPHeader("Content-Type", "application/json")]),
                    body: HTTPBody {
                        time.advance(by: .seconds(60))
                        let rest = left.withLock { left in
                            left -= 1
                            return left
                        }
                        if rest == 1, replaced { files["/cert"] = pem("new cert") }
                        return rest < 0 ? nil : event
                    })
            }
        ])
        let count = try await client.withWatch(TestAdapter.self, from: .after("1")) { events in
            var count = 0
            for try await _ in events { count += 1 }
            return count
        }
        #expect(count == (replaced ? 2 : 3))
    }
}
