import Effects
import KubeAPI
import KubeRuntime
import TestSupport
import Testing

struct ReflectorTests {
    private let a1 = Thing("a", version: "1")
    private let b2 = Thing("b", version: "2")

    @Test func `41: a list, then a watch from its version, and every event reaches the store`() throws {
        let bench = ReflectorBench([
            Answer.list([a1], at: "5"),
            Answer.watch([
                Line.added(Thing("b", version: "6")), Line.modified(Thing("a", version: "7", value: 3)),
                Line.deleted(Thing("b", version: "8")),
            ]),
        ])

        #expect(try bench.run() == ["list", "watch 5"])
        #expect(bench.store.hasSynced)
        #expect(bench.store.all() == [Thing("a", version: "7", value: 3)])
        #expect(bench.journal.all == ["add a u-a", "add b u-b", "update a u-a", "delete b u-b"])
    }

    @Test func `39: an empty list with a version is a start`() throws {
        #expect(try ReflectorBench([Answer.list([], at: "5")]).run() == ["list", "watch 5"])
    }

    @Test func `42: a bookmark moves the version and tells nobody`() throws {
        let bench = ReflectorBench([Answer.list([a1], at: "5"), Answer.watch([Line.bookmark("9")], end: .close)])

        #expect(try bench.run() == ["list", "watch 5", "watch 9"])
        #expect(bench.journal.all == ["add a u-a"])
    }

    @Test func `5: a watch that breaks inside an event resumes after the last whole one`() throws {
        let bench = ReflectorBench([
            Answer.list([], at: "5"),
            { _ in .stream([Array((Line.added(self.a1) + Line.added(self.b2).dropLast(3)).utf8)]) },
        ])

        #expect(try bench.run() == ["list", "watch 5", "watch 1"])
        #expect(bench.store.all() == [a1])
    }

    @Test func `44: normal closes lead to no list, however many`() throws {
        let bench = ReflectorBench(
            [Answer.list([], at: "5")]
                + (0..<1000).map { Answer.watch([Line.bookmark(String(10 + $0))], end: .close) })

        let asked = try bench.run()

        #expect(asked.count { $0 == "list" } == 1)
        #expect(asked.count == 1002)
        #expect(asked.last == "watch 1009")
    }

    @Test(arguments: [true, false])
    func `45: an expired version leads to exactly one list at the last version`(inStream: Bool) throws {
        let expired = inStream ? Answer.watch([Line.error(410)], end: .close) : Answer.status(410, reason: "Expired")
        let bench = ReflectorBench([Answer.list([a1], at: "5"), expired, Answer.list([b2], at: "50")])

        #expect(try bench.run() == ["list", "watch 5", "list 5", "watch 50"])
        #expect(bench.journal.all == ["add a u-a", "delete a u-a", "add b u-b"])
    }

    @Test(arguments: [410, 504])
    func `36: a list at a version that is refused is asked for once more without one, at once`(code: Int) throws {
        let refusal = Answer.status(code, cause: code == 504 ? "ResourceVersionTooLarge" : "")
        let bench = ReflectorBench([
            Answer.list([a1], at: "5"), Answer.watch([Line.error(410)], end: .close), refusal,
            Answer.list([a1], at: "3"),
        ])

        #expect(try bench.run(for: .milliseconds(1)) == ["list", "watch 5", "list 5", "list", "watch 3"])
    }

    @Test func `36: when that is refused too, there is a pause`() throws {
        let bench = ReflectorBench(
            [Answer.list([a1], at: "5"), Answer.watch([Line.error(410)], end: .close)]
                + (0..<100).map { _ in Answer.status(410) })
        #expect(try bench.run(for: .milliseconds(1)).count == 4)
    }

    @Test func `45: a server that always forgets is not asked in a hot loop`() throws {
        let bench = ReflectorBench(
            (0..<200).flatMap { _ in [Answer.list([], at: "5"), Answer.watch([Line.error(410)], end: .close)] })
        #expect(try bench.run(for: .seconds(60)).count < 40)
    }

    @Test func `46: any other error in the stream leads to a pause and a list`() throws {
        let bench = ReflectorBench([
            Answer.list([a1], at: "5"), Answer.watch([Line.error(500, reason: "InternalError")], end: .close),
            Answer.list([a1], at: "6"),
        ])

        #expect(try bench.run() == ["list", "watch 5", "list 5", "watch 6"])
        #expect(bench.journal.all == ["add a u-a"], "an unchanged object is no change")
    }

    @Test func `47: too many requests at the start of a watch keep the version and are obeyed`() throws {
        let bench = ReflectorBench([
            Answer.list([a1], at: "5"),
            Answer.status(429, headers: [HTTPHeader("Retry-After", "20")]), Answer.watch([]),
        ])

        #expect(try bench.run(for: .seconds(19)) == ["list", "watch 5"])
        #expect(
            try ReflectorBench([
                Answer.list([a1], at: "5"), Answer.status(429, headers: [HTTPHeader("Retry-After", "20")]),
            ]).run(for: .seconds(30)) == ["list", "watch 5", "watch 5"])
    }

    @Test(arguments: [HTTPFailure.Kind.connectionRefused, .reset, .nameResolution, .tls, .idleTimeout])
    func `48: a server that cannot be reached keeps the version`(kind: HTTPFailure.Kind) throws {
        let bench = ReflectorBench([Answer.list([a1], at: "5"), Answer.failure(kind), Answer.watch([])])
        #expect(try bench.run() == ["list", "watch 5", "watch 5"])
    }

    @Test func `49: a dead server is asked less and less often`() throws {
        let bench = ReflectorBench((0..<10_000).map { _ in Answer.failure(.connectionRefused) })
        let asked = try bench.run()
        #expect(asked.count > 100)
        #expect(asked.count < 800, "an hour at most 30 and on average 15 seconds apart")
    }

    @Test func `49: failures are forgotten after two minutes of health`() throws {
        let (time, journal) = (VirtualTime(), Collected<String>())
        let breaksLate: ScriptedTransport.Answer = { [a1] request in
            try await time.sleep(for: .seconds(130))
            journal.append("broke at \(time.now.components.seconds)")
            return try await Answer.watch([Line.added(a1), Line.error(500)], end: .close)(request)
        }
        let lists: ScriptedTransport.Answer = { request in
            journal.append("read at \(time.now.components.seconds)")
            return try await Answer.list([], at: "9")(request)
        }
        let failures = Array(repeating: Answer.status(500), count: 10)
        let bench = ReflectorBench(
            time: time,
            failures + [Answer.list([a1], at: "5"), breaksLate] + failures.prefix(4) + [lists, Answer.watch([])])
        _ = try bench.run()
        let times = journal.all.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
        try #require(times.count == 2)
        #expect(times[1] - times[0] <= 25, "at most 0.8, 1.6, 3.2, 6.4 and 12.8 s, and not half a minute each")
    }

    @Test func `50: a watch that is closed at once is a failure`() throws {
        let bench = ReflectorBench([Answer.list([], at: "5")] + (0..<1000).map { _ in Answer.watch([], end: .close) })
        #expect(try bench.run(for: .seconds(60)).count < 30)
    }

    @Test func `40: a kind that is not installed is waited for`() throws {
        let absent: ScriptedTransport.Answer = { _ in
            HTTPResponse(
                status: 404, headers: [HTTPHeader("Content-Type", "text/plain")], body: Array("404 page not found".utf8)
            )
        }
        let bench = ReflectorBench([absent, absent, absent, Answer.list([a1], at: "5")])

        #expect(try bench.run() == ["list", "list", "list", "list", "watch 5"])
        #expect(bench.store.hasSynced)
    }

    @Test func `56, 57: what was missed while away is told: deletions, and successors as other objects`() throws {
        let bench = ReflectorBench([
            Answer.list([a1, b2], at: "5"), Answer.watch([Line.error(410)], end: .close),
            Answer.list([Thing("a", uid: "second", version: "8")], at: "9"),
        ])

        _ = try bench.run()

        #expect(
            bench.journal.all == [
                "add a u-a", "add b u-b", "delete a u-a", "delete b u-b", "add a second",
            ])
    }

    @Test func `11: an event of another kind ends the watch and leads to a list`() throws {
        let bench = ReflectorBench([
            Answer.list([], at: "5"),
            Answer.watch([#"{"type":"ADDED","object":{"apiVersion":"meta.k8s.io/v1","kind":"Table"}}"#]),
            Answer.list([], at: "6"),
        ])
        #expect(try bench.run() == ["list", "watch 5", "list 5", "watch 6"])
    }

    @Test func `12: an event of an unknown type ends the watch and leads to a list`() throws {
        let unknown = Line.added(a1).replacing("ADDED", with: "PATCHED")
        let bench = ReflectorBench([Answer.list([], at: "5"), Answer.watch([unknown]), Answer.list([], at: "6")])
        #expect(try bench.run() == ["list", "watch 5", "list 5", "watch 6"])
    }

    @Test func `an object that cannot be read is reported, kept as it was, and still moves the version`() throws {
        let broken = Thing("a", version: "7").json.replacing(":0}", with: ":\"x\"}")
        let bench = ReflectorBench([
            Answer.list([a1], at: "5"),
            Answer.watch(
                [#"{"type":"MODIFIED","object":\#(broken)}"#, Line.added(Thing("b", version: "8"))], end: .close),
        ])

        #expect(try bench.run() == ["list", "watch 5", "watch 8"])
        #expect(bench.journal.all == ["add a u-a", "undecodable a", "add b u-b"])
        #expect(bench.store.get(Thing.key("a")) == a1)
    }

    @Test(arguments: [false, true])
    func `an object that can no longer be read does not vanish with a list`(isNameless: Bool) throws {
        let broken =
            isNameless ? "{}" : Thing("a", version: "7").json.replacing(":0}", with: ":\"x\"}")
        let list =
            #"{"apiVersion":"test.dev/v1","kind":"ThingList","items":[\#(broken)],"metadata":{"resourceVersion":"9"}}"#
        let bench = ReflectorBench([
            Answer.list([a1, b2], at: "5"), Answer.watch([Line.error(410)], end: .close), { _ in .json(list) },
        ])

        _ = try bench.run()

        #expect(bench.store.all() == (isNameless ? [a1, b2] : [a1]))
    }

    @Test func `53: a watch whose head is held back leads to a list after the second time`() throws {
        let bench = ReflectorBench([
            Answer.list([a1], at: "5"), Answer.watch([Line.bookmark("6")], end: .close),
            Answer.failure(.idleTimeout), Answer.failure(.idleTimeout), Answer.list([a1], at: "7"), Answer.watch([]),
        ])
        #expect(try bench.run(for: .seconds(60)) == ["list", "watch 5", "watch 6", "watch 6", "list 6", "watch 7"])
    }

    @Test func `47: too many requests inside a watch keep the version and are obeyed`() throws {
        let bench = ReflectorBench([
            Answer.list([a1], at: "5"),
            Answer.watch([Line.bookmark("6"), Line.error(429, reason: "TooManyRequests")]), Answer.watch([]),
        ])
        #expect(try bench.run(for: .seconds(60)) == ["list", "watch 5", "watch 6"])
    }

    @Test func `59: a watch from the future that stays silent leads to a list after the second time`() throws {
        let silent: ScriptedTransport.Answer = { _ in
            .stream([], end: .failure(HTTPFailure(.idleTimeout, "nothing for 75 s")))
        }
        let bench = ReflectorBench([
            Answer.list([a1], at: "500"), silent, silent, Answer.status(504, cause: "ResourceVersionTooLarge"),
            Answer.list([a1], at: "7"),
        ])
        #expect(try bench.run() == ["list", "watch 500", "watch 500", "list 500", "list", "watch 7"])
    }

    @Test(arguments: [("9", "list 9"), ("10", "list 10"), ("3", "list 6"), ("opaque", "list 6")])
    func `60, 65: a list is at least as new as what this process wrote, whichever API server answers`(
        written: String, list: String
    ) throws {
        let late = Thing("a", version: "12")
        let bench = ReflectorBench([
            Answer.list([a1], at: "5"), Answer.watch([Line.added(Thing("b", version: "6")), Line.error(410)]),
            Answer.list([late], at: "12"), Answer.watch([Line.error(410)]), Answer.list([late], at: "12"),
        ])
        bench.store.observe { [store = bench.store] change in
            if change.key.name == "b", change.new != nil { store.wrote(Thing("a", version: written, value: 1)) }
        }

        #expect(try bench.run() == ["list", "watch 5", list, "watch 12", "list 12", "watch 12"])
    }

    @Test func `31, 35: the first list is paged, the next ones are not`() throws {
        let bench = ReflectorBench([
            Answer.list([a1], at: "5", then: "more"), Answer.list([b2], at: "5"),
            Answer.watch([Line.error(410)], end: .close), Answer.list([a1], at: "6"),
        ])

        #expect(try bench.run() == ["list", "page more", "watch 5", "list 5", "watch 6"])
        #expect(bench.transport.requests[0].url.contains("limit=500"))
        #expect(!bench.transport.requests[3].url.contains("limit"))
    }

    @Test func `151: a watch that the server ends with 401 resumes where it was`() throws {
        let bench = ReflectorBench([Answer.list([a1], at: "5"), Answer.status(401), Answer.watch([])])
        #expect(try bench.run() == ["list", "watch 5", "watch 5"])
    }
}
