import Effects
import KubeAPI
import KubeRuntime
import TestSupport
import Testing

/// A first state that is streamed as the beginning of the watch, KEP-3157.
struct WatchListTests {
    private let a1 = Thing("a", version: "1")
    private let b2 = Thing("b", version: "2")

    @Test func `52: a stream fills the store at its end, and goes on as the watch`() throws {
        let bench = ReflectorBench(
            streams: true,
            [
                Answer.watch([
                    Line.added(a1), Line.added(b2), Line.bookmark("4"), Line.end("5"),
                    Line.modified(Thing("a", version: "6", value: 3)),
                ])
            ])

        #expect(try bench.run(for: .seconds(9)) == ["stream"])
        #expect(bench.store.hasSynced)
        #expect(bench.journal.all == ["add a u-a", "add b u-b", "update a u-a"])
    }

    @Test func `52: it asks as a real server was asked`() throws {
        let bench = ReflectorBench(streams: true, [Answer.watch([Line.end("5"), Line.error(410)]), Answer.watch([])])

        _ = try bench.run(for: .seconds(1))

        let query = try #require(bench.transport.requests.first?.url.split(separator: "?").last)
        let items = Set(query.split(separator: "&").filter { !$0.hasPrefix("timeoutSeconds=") })
        #expect(
            items == [
                "watch=true", "sendInitialEvents=true", "resourceVersionMatch=NotOlderThan", "allowWatchBookmarks=true",
            ])
        #expect(bench.transport.requests.last?.url.contains("resourceVersion=5") == true)
    }

    @Test func `52: a real server's stream fills a store`() throws {
        let transcript = try #require(Transcript.named("074", of: "kubernetes"))
        let transport = ScriptedTransport([{ _ in transcript.response }])
        let time = VirtualTime()
        let client = KubeClient(
            configuration: KubeConfiguration(server: "https://api"),
            effects: Effects(http: transport, time: time, random: SeededRandom(1)), userAgent: "test")
        let store = Store<RecordedAdapter>()

        try time.run(for: .seconds(5)) { try await Reflector(client: client, store: store).run() }

        #expect(store.count == 9)
        #expect(store.all().allSatisfy { !$0.metadata.uid.isEmpty })
        #expect(transport.requests.dropFirst().first?.url.contains("resourceVersion=242") == true)
    }

    @Test func `52: what changes before the end is in the state, and told once`() throws {
        let bench = ReflectorBench(
            streams: true,
            [
                Answer.watch([
                    Line.added(a1), Line.added(b2), Line.modified(Thing("a", version: "3", value: 7)),
                    Line.deleted(Thing("b", version: "4")), Line.end("5"),
                ])
            ])

        _ = try bench.run(for: .seconds(9))

        #expect(bench.journal.all == ["add a u-a"])
        #expect(bench.store.all() == [Thing("a", version: "3", value: 7)])
    }

    @Test(arguments: [400, 403, 405, 422, 500, 501])
    func `53, A13: whoever refuses to stream is asked for a list, at once`(code: Int) throws {
        let bench = ReflectorBench(streams: true, [Answer.status(code), Answer.list([a1], at: "5"), Answer.watch([])])

        #expect(try bench.run(for: .milliseconds(1)) == ["stream", "list", "watch 5"])
        #expect(bench.store.all() == [a1])
    }

    @Test func `53, A13: a real server's refusal inside the stream leads to a list, at once`() throws {
        let refusal = try #require(Transcript.named("074b", of: "kubernetes"))
        let bench = ReflectorBench(
            streams: true, [{ _ in refusal.response }, Answer.list([a1], at: "5"), Answer.watch([])])

        #expect(try bench.run(for: .milliseconds(1)) == ["stream", "list", "watch 5"])
    }

    @Test func `53: a refusal is remembered only until everything has to be read again`() throws {
        let bench = ReflectorBench(
            streams: true,
            [
                Answer.status(422), Answer.list([a1], at: "5"), Answer.watch([Line.bookmark("7"), Line.error(410)]),
                Answer.watch([Line.added(a1), Line.end("9")]),
            ])

        #expect(try bench.run(for: .seconds(1)) == ["stream", "list", "watch 5", "stream 7"])
    }

    @Test(arguments: [
        BodyEnd.close, .failure(HTTPFailure(.reset, "gone")), .failure(HTTPFailure(.idleTimeout, "75 s")),
    ])
    func `53, A14: a stream that breaks before its end shows nobody half of it`(end: BodyEnd) throws {
        let old = Thing("old", version: "1")
        let journal = Collected<String>()
        let bench = ReflectorBench(
            streams: true, journal: journal,
            [
                Answer.watch([Line.added(old), Line.end("5"), Line.error(410)]),
                Answer.watch([Line.added(a1), Line.added(b2)], end: end),
                { request in
                    journal.append("the list is asked for")
                    return try await Answer.list([self.a1], at: "7")(request)
                },
            ])

        #expect(try bench.run(for: .milliseconds(1)) == ["stream", "stream 5", "list 5", "watch 7"])
        #expect(journal.all == ["add old u-old", "the list is asked for", "delete old u-old", "add a u-a"])
    }

    @Test func `53: while nobody answers, or the server has no time, there is no second request`() throws {
        let bench = ReflectorBench(
            streams: true,
            [
                Answer.failure(.connectionRefused), Answer.failure(.connectTimeout),
                Answer.status(429, headers: [HTTPHeader("Retry-After", "20")]),
                Answer.watch([Line.added(a1), Line.end("5")]),
            ])

        #expect(try bench.run(for: .seconds(70)) == ["stream", "stream", "stream", "stream"])
        #expect(bench.store.all() == [a1])
    }

    @Test(arguments: [HTTPFailure.Kind.idleTimeout, .reset, .invalidResponse])
    func `53: a proxy that holds streams back until they end does not keep a store empty`(kind: HTTPFailure.Kind) throws
    {
        let bench = ReflectorBench(
            streams: true, [Answer.failure(kind), Answer.list([a1], at: "5"), Answer.watch([])])

        #expect(try bench.run(for: .seconds(5)) == ["stream", "list", "watch 5"])
        #expect(bench.store.all() == [a1])
    }

    @Test(arguments: [502, 503, 504])
    func `53: a gateway that fails streams, and lets lists through, does not keep a store empty`(code: Int) throws {
        let bench = ReflectorBench(streams: true, [Answer.status(code), Answer.list([a1], at: "5"), Answer.watch([])])

        #expect(try bench.run(for: .seconds(5)) == ["stream", "list", "watch 5"])
    }

    @Test func `53: after an outage the server is asked for a stream again, not for lists alone`() throws {
        let bench = ReflectorBench(
            streams: true,
            [
                Answer.status(503), Answer.status(503), Answer.failure(.reset), Answer.failure(.connectionRefused),
                Answer.watch([Line.added(a1), Line.end("5")]),
            ])

        #expect(try bench.run(for: .seconds(30)) == ["stream", "list", "stream", "list", "stream"])
        #expect(bench.store.all() == [a1])
    }

    @Test func `54, A13: a stream without an end is told of, and given up for a list`() throws {
        let bench = ReflectorBench(
            streams: true, [Answer.watch([Line.added(a1)]), Answer.list([a1], at: "5"), Answer.watch([])])

        #expect(try bench.run(for: .seconds(59)) == ["stream"])
        #expect(!bench.store.hasSynced)

        let whole = ReflectorBench(
            streams: true, [Answer.watch([Line.added(a1)]), Answer.list([a1], at: "5"), Answer.watch([])])
        #expect(try whole.run(for: .seconds(71)) == ["stream", "list", "watch 5"])
        #expect(
            whole.journal.all == ["late 20", "late 30", "late 40", "late 50", "late 60", "add a u-a"],
            "with the first object something came; ten seconds later nothing more had")
    }

    @Test func `54: the more objects come, the longer their stream may take`() throws {
        let lines = (0..<3000).map { Line.added(Thing("t\($0)", version: "1")) }
        let bench = ReflectorBench(streams: true, [Answer.watch(lines), Answer.list([], at: "5")])
        #expect(try bench.run(for: .seconds(85)) == ["stream"])
        let later = ReflectorBench(streams: true, [Answer.watch(lines), Answer.list([], at: "5")])
        #expect(try later.run(for: .seconds(95)) == ["stream", "list", "watch 5"])
    }

    @Test func `55: a resume streams from the version that was seen, and tells only what has changed`() throws {
        let bench = ReflectorBench(
            streams: true,
            [
                Answer.watch([Line.added(a1), Line.added(b2), Line.end("5"), Line.error(410)]),
                Answer.watch([Line.added(a1), Line.added(Thing("b", version: "6", value: 1)), Line.end("6")]),
            ])

        #expect(try bench.run(for: .seconds(1)) == ["stream", "stream 5"])
        #expect(bench.journal.all == ["add a u-a", "add b u-b", "update b u-b"])
    }

    @Test(arguments: [true, false])
    func `36, 52: a version that a stream cannot have leads to one from the newest state, at once`(
        inStream: Bool
    ) throws {
        let cause = "ResourceVersionTooLarge"
        let refusal =
            inStream
            ? Answer.watch([Line.error(504, reason: "Timeout", cause: cause)], end: .close)
            : Answer.status(504, cause: cause)
        let bench = ReflectorBench(
            streams: true,
            [
                Answer.watch([Line.added(a1), Line.end("5"), Line.error(410)]), refusal,
                Answer.watch([Line.added(a1), Line.end("3")]),
            ])

        #expect(try bench.run(for: .milliseconds(1)) == ["stream", "stream 5", "stream"])
        #expect(bench.journal.all == ["add a u-a"])
    }

    @Test func `45, 52: a server that always forgets is not asked in a hot loop`() throws {
        let bench = ReflectorBench(
            streams: true, (0..<200).map { _ in Answer.watch([Line.end("5"), Line.error(410)], end: .close) })
        #expect(try bench.run(for: .seconds(60)).count < 40)
    }

    @Test func `53: streams that always break, with lists that never work, are no hot loop`() throws {
        let bench = ReflectorBench(
            streams: true,
            (0..<200).flatMap { _ in [Answer.watch([Line.added(a1)], end: .close), Answer.status(500)] })
        #expect(try bench.run(for: .seconds(60)).count < 40)
    }

    @Test func `52: an object that cannot be read stays as it was, and one that is told deleted goes`() throws {
        let broken = Line.added(Thing("a", version: "7")).replacing(":0}", with: ":\"x\"}")
        let bench = ReflectorBench(
            streams: true,
            [
                Answer.watch([Line.added(a1), Line.added(b2), Line.end("5"), Line.error(410)]),
                Answer.watch([broken, Line.end("8"), Line.error(410)]),
                Answer.watch([broken, Line.deleted(Thing("a", version: "9")), Line.end("9")]),
            ])

        _ = try bench.run(for: .seconds(60))

        #expect(
            bench.journal.all == [
                "add a u-a", "add b u-b", "undecodable a", "delete b u-b", "undecodable a", "delete a u-a",
            ])
    }

    @Test func `52, 65: what this process wrote while the state was streamed is not taken back`() throws {
        let own = Thing("a", version: "9", value: 9)
        let store = Store<Thing>()
        let bench = ReflectorBench(
            streams: true, store: store,
            [
                Answer.watch([Line.added(a1), Line.added(b2), Line.end("5"), Line.error(410)]),
                { request in
                    store.wrote(own)
                    return try await Answer.watch([Line.added(self.a1), Line.end("7"), Line.error(410)])(request)
                },
            ])

        #expect(try bench.run(for: .seconds(1)) == ["stream", "stream 5", "stream 9"])
        #expect(store.all() == [own])
    }
}

/// As much of a recorded LoRAAdapter as a store needs.
private struct RecordedAdapter: KubeObject {
    static let resource = Resource(
        group: "lora-operator.dev", version: "v1alpha1", plural: "loraadapters", kind: "LoRAAdapter")

    var metadata: ObjectMeta
}
