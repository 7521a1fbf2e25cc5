import Effects
import KubeAPI
import KubeRuntime
import Synchronization
import TestSupport
import Testing

/// A running reflector that compares its store with the API server.
struct CacheCheckTests {
    private let a1 = Thing("a", version: "1")
    private let b2 = Thing("b", version: "2")
    private let time = VirtualTime()

    private func bench(streams: Bool = true, _ answers: [ScriptedTransport.Answer]) -> ReflectorBench {
        ReflectorBench(streams: streams, checkInterval: .seconds(300), time: time, answers)
    }

    /// Lines, each after so many seconds.
    private func watch(_ lines: [(after: Int, line: String)]) -> ScriptedTransport.Answer {
        { [time] _ in
            let rest = Mutex(lines[...])
            let head = HTTPResponseHead(status: 200, headers: [HTTPHeader("Content-Type", "application/json")])
            return HTTPResponse(
                head: head,
                body: HTTPBody {
                    guard let next = rest.withLock({ $0.popFirst() }) else { try await waitUntilCancelled() }
                    try await time.sleep(for: .seconds(next.after))
                    return Array(next.line.utf8)
                })
        }
    }

    @Test(arguments: [true, false])
    func `63, A16: a store that lacks something is told, and read again from etcd`(streams: Bool) throws {
        let first =
            streams
            ? [Answer.watch([Line.added(a1), Line.end("5")]), Answer.list([a1, b2], at: "5")]
            : [Answer.list([a1], at: "5"), Answer.watch([]), Answer.list([a1, b2], at: "5")]
        let bench = bench(streams: streams, first + [Answer.list([a1, b2], at: "6"), Answer.watch([])])

        let asked = try bench.run(for: .seconds(1))

        #expect(asked == (streams ? ["stream"] : ["list", "watch 5"]) + ["exact 5", "list", "watch 6"])
        #expect(bench.journal.all == ["add a u-a", "wrong: [ns/b is u-b at 2, held not at all]", "add b u-b"])
    }

    @Test(arguments: [
        ([Thing("a", version: "1"), Thing("b", version: "2")], "ns/b is gone, held u-b at 2"),
        ([Thing("a", version: "1"), Thing("b", version: "1")], "ns/b is u-b at 2, held u-b at 1"),
        ([Thing("a", version: "1"), Thing("b", uid: "old", version: "2")], "ns/b is u-b at 2, held old at 2"),
    ])
    func `63: whatever is too much, too old or another one is a difference`(held: [Thing], told: String) throws {
        let truth = told.contains("gone") ? [a1] : [a1, b2]
        let bench = bench(streams: false, [Answer.list(held, at: "5"), Answer.watch([]), Answer.list(truth, at: "5")])

        #expect(try bench.run(for: .seconds(1)) == ["list", "watch 5", "exact 5", "list"])
        #expect(bench.journal.all.last == "wrong: [\(told)]")
    }

    @Test func `63: a store that is right is left alone, and compared after each interval`() throws {
        let bench = bench([
            watch([
                (0, Line.added(a1)), (0, Line.end("5")), (200, Line.bookmark("6")), (101, Line.bookmark("7")),
                (60, Line.added(b2)), (250, Line.bookmark("9")),
            ]),
            Answer.list([a1], at: "5"), Answer.list([a1], at: "7"), Answer.list([a1, b2], at: "9"),
        ])

        #expect(try bench.run(for: .seconds(1000)) == ["stream", "exact 5", "exact 7", "exact 9"])
        #expect(bench.journal.all == ["add a u-a", "add b u-b"])
    }

    @Test func `63: a difference that stays is no hot loop`() throws {
        let bench = bench(
            streams: false,
            (0..<100).flatMap { _ in
                [Answer.list([a1], at: "5"), self.watch([(301, Line.bookmark("5"))]), Answer.list([b2], at: "5")]
            })
        // The first one at once, each other one after an interval.
        #expect(try bench.run(for: .seconds(700)).count { $0 == "exact 5" } == 3)
    }

    @Test(arguments: [410, 504, 500, 403])
    func `63: where the server cannot tell what was so, nothing is done`(code: Int) throws {
        let bench = bench([Answer.watch([Line.added(a1), Line.end("5")]), Answer.status(code)])
        #expect(try bench.run(for: .seconds(1000)) == ["stream", "exact 5"])
        #expect(bench.journal.all == ["add a u-a"])
    }

    @Test func `63: what this process wrote since, and what nobody can read, is no difference`() throws {
        let broken = Thing("b", version: "4").json.replacing(":0}", with: ":\"x\"}")
        let list = """
            {"apiVersion":"test.dev/v1","kind":"ThingList","items":[\(a1.json),\(broken)],\
            "metadata":{"resourceVersion":"5"}}
            """
        let bench = bench([
            Answer.watch([Line.added(a1), Line.added(b2), Line.end("5")]), { _ in .json(list) },
        ])
        bench.store.observe { [store = bench.store] change in
            if change.key.name == "b" { store.wrote(Thing("a", version: "9", value: 9)) }
        }

        #expect(try bench.run(for: .seconds(1000)) == ["stream", "exact 5"])
        #expect(bench.journal.all == ["add a u-a", "add b u-b", "update a u-a"])
    }

    @Test func `63: nobody compares unless asked to`() throws {
        let bench = ReflectorBench(streams: true, [Answer.watch([Line.added(a1), Line.end("5"), Line.bookmark("9")])])
        #expect(try bench.run() == ["stream"])
    }
}
