import Effects
import KubeAPI
import Synchronization
import TestSupport
import Testing

struct ListTests {
    private func page(_ names: [String], _ token: String = "") -> ScriptedTransport.Answer {
        { _ in .json(listBody(names, continueToken: token)) }
    }

    private let expired: ScriptedTransport.Answer = { _ in
        .json(#"{"kind":"Status","code":410,"reason":"Expired","metadata":{"continue":"inconsistent"}}"#, status: 410)
    }

    private func queries(_ script: ScriptedClient) -> [String] {
        script.transport.requests.map { String($0.url.split(separator: "?").dropFirst().first ?? "") }
    }

    @Test func `31: pages are followed to their end, without the version`() async throws {
        let script = ScriptedClient([page(["a", "b"], "t/1"), page(["c"], "t2"), page(["d"])])
        let list = try await script.client.list(TestAdapter.self, in: "demo", ListOptions(resourceVersion: "5"))

        #expect(list.items.map(\.metadata.name) == ["a", "b", "c", "d"])
        #expect(list.resourceVersion == "100")
        #expect(
            queries(script) == ["limit=500&resourceVersion=5", "limit=500&continue=t%2F1", "limit=500&continue=t2"])
    }

    @Test func `32, 33: a page that has expired leads to one list of everything, and nothing is doubled`() async throws
    {
        let script = ScriptedClient([page(["a"], "t1"), expired, page(["a", "b"])])
        let list = try await script.client.list(TestAdapter.self, ListOptions(resourceVersion: "5"))

        #expect(list.items.map(\.metadata.name) == ["a", "b"])
        #expect(queries(script).last == "resourceVersion=5")
    }

    @Test func `32: a first page that has expired is an error`() async {
        let script = ScriptedClient([expired, page(["a"])])
        guard case .expired = await script.error({ try await $0.list(TestAdapter.self) }) else {
            Issue.record("no error")
            return
        }
    }

    @Test func `a list whose pages never end is an error`() async {
        let script = ScriptedClient(Array(repeating: page(["a"], "t"), count: 5))
        guard case .unexpectedAnswer = await script.error({ try await $0.list(TestAdapter.self) }) else {
            Issue.record("no error")
            return
        }
        #expect(script.transport.requests.count == 2)
    }

    @Test func `one element that cannot be read fails nothing but itself`() async throws {
        let body = listBody(["a", "b", "c"]).replacing(
            #""name":"b","namespace":"demo","uid":"u-b","resourceVersion":"7"},"spec":{"loraPath":"/a"}"#,
            with: #""name":"b","namespace":"demo","uid":"u-b","resourceVersion":"7"},"spec":{"loraPath":5}"#)
        let list = try await ScriptedClient([{ _ in .json(body) }]).client.list(TestAdapter.self)

        #expect(list.items.map(\.metadata.name) == ["a", "c"])
        #expect(list.undecodable.count == 1)
        #expect(list.undecodable.first?.key == NamespacedName(namespace: "demo", name: "b"))
        #expect(list.undecodable.first?.uid == "u-b")
        #expect(list.undecodable.first?.message == "spec.loraPath: expected String")
    }

    @Test(arguments: ["5", "null", #""x""#, "{}", #"{"metadata":[]}"#, #"{"metadata":{"name":7}}"#])
    func `an element without a name fails nothing but itself`(element: String) async throws {
        let body = listBody(["a"]).replacing(#""items":["#, with: #""items":[\#(element),"#)
        let list = try await ScriptedClient([{ _ in .json(body) }]).client.list(TestAdapter.self)
        #expect(list.items.count == 1)
        #expect(list.undecodable.map(\.key) == [nil])
    }

    @Test func `5: a list that is cut off is an error`() async {
        let body = Array(listBody(["a", "b"]).utf8.dropLast(9))
        let script = ScriptedClient([{ _ in .stream([body]) }])
        guard case .unexpectedAnswer = await script.error({ try await $0.list(TestAdapter.self) }) else {
            Issue.record("no error")
            return
        }
    }

    @Test(arguments: ["071", "072", "073"])
    func `N3, A11: a watch that breaks at any byte has told its whole events, and nothing of the last`(
        number: String
    ) async throws {
        let bytes = try #require(Transcript.named(number, of: "kubernetes")).body
        for length in stride(from: 0, through: bytes.count, by: 7) {
            let sent = Array(bytes.prefix(length))
            let script = ScriptedClient([{ _ in .stream([sent], end: .failure(HTTPFailure(.reset, "RST"))) }])
            let told = Mutex(0)
            let error = await script.error { client in
                try await client.withWatch(TestAdapter.self, from: .after("1")) { events in
                    for try await _ in events { told.withLock { $0 += 1 } }
                }
            }
            guard case .transport = error else {
                Issue.record("\(length) bytes: \(String(describing: error))")
                return
            }
            let ended = sent.last == UInt8(ascii: "}") ? 0...1 : 0...0
            #expect(ended.contains(told.withLock { $0 } - sent.count { $0 == UInt8(ascii: "\n") }), "\(length) bytes")
        }
    }

    @Test func `16: lists and watches have connections of their own`() async throws {
        let script = ScriptedClient([page([]), { _ in .stream([]) }], random: 7)
        _ = try await script.client.list(TestAdapter.self, in: "demo")
        try await script.client.withWatch(TestAdapter.self, in: "demo", from: .after("5"), labelSelector: "a=b") { _ in
        }

        let options = script.transport.requests.map(\.options)
        #expect(options.map(\.connection) == [.own("list-loraadapters in demo"), .own("watch-loraadapters in demo")])
        #expect(options[1].idleTimeout == .seconds(75))
        #expect(options[1].totalTimeout == nil)
        #expect(
            queries(script)[1]
                == "watch=true&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=307&labelSelector=a%3Db")
    }

    @Test func `43: a watch asks to be closed after five to ten minutes`() async throws {
        for (random, seconds) in [(UInt64(0), 300), (300, 600), (301, 300), (.max, 469)] {
            let script = ScriptedClient([{ _ in .stream([]) }], random: random)
            try await script.client.withWatch(TestAdapter.self, from: .after("5")) { _ in }
            #expect(queries(script)[0].hasSuffix("&timeoutSeconds=\(seconds)"))
        }
    }
}
