import AdapterPlanning
import Testing

@testable import AdapterController

@Suite struct ServerRecordTests {
    private let load = ServerAction.load(
        name: "sql", path: "/sql", is3D: false, timeout: .seconds(1))
    private let unload = ServerAction.unload(name: "sql", path: "/sql")

    private func listing(_ adapters: [String: String], base: String = "llama", stamp: Int) -> Listing {
        Listing(
            baseModels: [base], adapters: adapters.mapValues { Listing.Entry(root: $0, parent: base) }, stamp: stamp)
    }

    private func adapters(_ record: ServerRecord) -> [String: String]? {
        guard case .listed(let listing) = record.observation.answer else { return nil }
        return listing.adapters.mapValues(\.root)
    }

    private func fail(
        _ record: inout ServerRecord, _ reason: Reason = .connectionRefused, _ message: String = "refused",
        isReady: Bool = false, at seconds: Int = 0
    ) -> ServerRecord.Change {
        record.failed(
            reason, message, isReady: isReady, now: .seconds(seconds), timestamp: "2026-01-01T00:00:0\(seconds % 10)Z")
    }

    private func list(
        _ record: inout ServerRecord, _ adapters: [String: String] = [:], base: String = "llama"
    ) -> ServerRecord.Change {
        let stamp = record.probeStarted()
        return record.listed(listing(adapters, base: base, stamp: stamp))
    }

    // MARK: lists

    @Test func `the first list concerns everybody, an equal one nobody, another one the names that differ`() {
        var record = ServerRecord(since: .zero)
        #expect(record.observation.answer == .pending)
        #expect(list(&record, ["a": "/a", "b": "/b"]) == .everything)
        #expect(list(&record, ["a": "/a", "b": "/b"]) == .nothing)
        #expect(list(&record, ["a": "/new", "c": "/c"]) == .names(["a", "b", "c"]))
        #expect(list(&record, ["a": "/new", "c": "/c"], base: "other") == .everything)
        #expect(adapters(record) == ["a": "/new", "c": "/c"])
    }

    @Test func `a load that followed an unload may still come for twice its timeout after its own start`() throws {
        let replace = ServerAction.replace(
            name: "sql", root: "/old", path: "/sql", is3D: false, inPlace: false, isOverwrite: false,
            timeout: .seconds(30))
        for (action, start) in [(load, 0), (replace, 20)] {
            var record = ServerRecord(since: .zero)
            record.started(action, now: .zero)
            _ = record.ended(action, .unknown, now: .seconds(20))
            let attempt = try #require(record.observation.attempts["sql"])
            #expect(attempt.startedAt == .seconds(start))
        }
    }

    @Test func `what went out over another connection and has no answer is looked up, and nothing else`() {
        var other = ServerRecord(since: .zero)
        other.started(load, now: .seconds(5))
        #expect(inherited(from: other)?.endedAt == .seconds(9))
        _ = other.ended(load, .unknown, now: .seconds(6))
        #expect(inherited(from: other)?.endedAt == .seconds(6))
        _ = other.ended(load, .failed(Attempt.Failure(.loadFailed, "")), now: .seconds(7))
        #expect(inherited(from: other) == nil)
        other.started(unload, now: .seconds(8))
        #expect(inherited(from: other) == nil)
    }

    @Test func `of two loads of one name over different connections the later one counts`() {
        var other = ServerRecord(since: .zero)
        other.started(load, now: .seconds(5))
        _ = other.ended(load, .unknown, now: .seconds(6))
        for (end, expected) in [(4, Attempt.Outcome.unknown), (7, .answered)] {
            var record = ServerRecord(since: .zero)
            record.started(load, now: .seconds(3))
            _ = record.ended(load, .answered, now: .seconds(end))
            record.inherit(other.observation.attempts, now: .seconds(9))
            #expect(record.observation.attempts["sql"]?.outcome == expected)
        }
        var busy = ServerRecord(since: .zero)
        busy.started(load, now: .seconds(3))
        busy.inherit(other.observation.attempts, now: .seconds(9))
        #expect(busy.observation.attempts["sql"]?.outcome == .inFlight)
    }

    /// What a record at nine seconds takes over, once its first list lacks the adapter.
    private func inherited(from other: ServerRecord) -> Attempt? {
        var record = ServerRecord(since: .seconds(9))
        record.inherit(other.observation.attempts, now: .seconds(9))
        let before = record.observation.attempts["sql"]
        #expect(before == nil || before?.outcome == .unknown)
        _ = list(&record)
        #expect(record.observation.attempts["sql"] == before)
        return before
    }

    @Test func `V18: what this process loaded and did not unload is counted when it goes`() {
        var record = ServerRecord(since: .zero)
        _ = list(&record, ["foreign": "/f"])
        record.started(load, now: .zero)
        _ = record.ended(load, .answered, now: .zero)
        _ = list(&record, ["foreign": "/f", "sql": "/sql"])
        _ = list(&record)
        #expect(record.observation.vanishings["sql"]?.count == 1)
        #expect(
            record.observation.vanishings.keys.sorted() == ["sql"], "nothing is known of what others do to their own")
        record.started(load, now: .zero)
        _ = record.ended(load, .answered, now: .zero)
        _ = list(&record, ["sql": "/sql"])
        record.started(unload, now: .zero)
        _ = record.ended(unload, .answered, now: .zero)
        _ = list(&record)
        #expect(record.observation.vanishings["sql"]?.count == 1, "its own unload is no drift")
    }

    @Test func `a list asked for before a load ended never decides about it`() {
        var record = ServerRecord(since: .zero)
        _ = list(&record)
        let early = record.probeStarted()
        record.started(load, now: .zero)
        let during = record.probeStarted()
        _ = record.ended(load, .answered, now: .zero)
        for stamp in [early, during] {
            _ = record.listed(listing([:], stamp: stamp))
            let attempt = record.observation.attempts["sql"]
            #expect(attempt?.outcome == .answered && (attempt?.stamp ?? 0) > stamp)
        }
        #expect(list(&record) == .names(["sql"]), "the first list afterwards has something to say")
        #expect(list(&record) == .nothing)
        #expect(list(&record, ["sql": "/sql"]) == .names(["sql"]))
        #expect(record.observation.attempts.isEmpty)
    }

    @Test func `an attempt in flight outlives every list`() {
        var record = ServerRecord(since: .zero)
        record.started(load, now: .seconds(3))
        _ = list(&record, ["sql": "/sql"])
        #expect(record.observation.attempts["sql"]?.outcome == .inFlight)
        #expect(record.observation.attempts["sql"]?.startedAt == .seconds(3))
    }

    @Test func `an unload is settled by a list without that path`() {
        for after in [[:], ["sql": "/other"]] {
            var record = ServerRecord(since: .zero)
            _ = list(&record, ["sql": "/sql"])
            record.started(unload, now: .zero)
            _ = record.ended(unload, .answered, now: .zero)
            _ = list(&record, ["sql": "/sql"])
            #expect(record.observation.attempts["sql"] != nil)
            _ = list(&record, after)
            #expect(record.observation.attempts.isEmpty)
        }
    }

    @Test func `a failure is told at once, what may have happened by the next list`() {
        var record = ServerRecord(since: .zero)
        record.started(load, now: .zero)
        let failure = record.ended(load, .failed(.init(.pathNotFound, "no")), now: .seconds(5))
        #expect(failure == .names(["sql"]))
        #expect(record.observation.attempts["sql"]?.endedAt == .seconds(5))
        record.started(load, now: .zero)
        let nobodyKnows = record.ended(load, .unknown, now: .zero)
        #expect(nobodyKnows == .nothing)
    }

    // MARK: attempts

    @Test func `repetitions are counted and keep the failure before`() {
        var record = ServerRecord(since: .zero)
        record.started(load, now: .zero)
        _ = record.ended(load, .failed(.init(.pathNotFound, "no")), now: .zero)
        record.started(load, now: .zero)
        #expect(record.observation.attempts["sql"]?.count == 2)
        #expect(record.observation.attempts["sql"]?.reported == .init(.pathNotFound, "no"))
        _ = record.ended(load, .answered, now: .zero)
        _ = list(&record)
        record.started(load, now: .zero)
        #expect(record.observation.attempts["sql"]?.count == 3)
        #expect(record.observation.attempts["sql"]?.reported?.reason == .loadNotConfirmed)
    }

    @Test func `another path, layout or manner begins to count anew`() {
        let others: [ServerAction] = [
            .load(name: "sql", path: "/new", is3D: false, timeout: .seconds(1)),
            .load(name: "sql", path: "/sql", is3D: true, timeout: .seconds(1)),
            .replace(
                name: "sql", root: "/old", path: "/sql", is3D: false, inPlace: true, isOverwrite: false,
                timeout: .seconds(1)),
            unload,
        ]
        for other in others {
            var record = ServerRecord(since: .zero)
            record.started(load, now: .zero)
            _ = record.ended(load, .failed(.init(.loadFailed, "no")), now: .zero)
            record.started(other, now: .zero)
            #expect(record.observation.attempts["sql"]?.count == 1)
            #expect(record.observation.attempts["sql"]?.previous == nil)
        }
    }

    @Test func `an action is allowed while what it takes away, or nothing, is all that the name stands for`() {
        func allowed(_ action: ServerAction) -> [Bool] {
            [[:], ["sql": "/old"], ["sql": "/else"]].map { entries in
                var record = ServerRecord(since: .zero)
                _ = list(&record, entries)
                return record.allows(action)
            }
        }
        #expect(allowed(load) == [true, false, false])
        #expect(allowed(.unload(name: "sql", path: "/old")) == [false, true, false])
        for inPlace in [true, false] {
            let replace = ServerAction.replace(
                name: "sql", root: "/old", path: "/sql", is3D: false, inPlace: inPlace, isOverwrite: true,
                timeout: .seconds(1))
            #expect(allowed(replace) == [false, true, false], "somebody else's may stand there by now")
        }
    }

    @Test func `overwritten entries are counted, in place or not`() {
        var record = ServerRecord(since: .zero)
        for (inPlace, isOverwrite) in [(false, true), (true, true), (false, false)] {
            let replace = ServerAction.replace(
                name: "sql", root: "/old", path: "/sql", is3D: false, inPlace: inPlace, isOverwrite: isOverwrite,
                timeout: .seconds(1))
            record.started(replace, now: .zero)
        }
        #expect(record.observation.overwrites == ["sql": 2])
    }

    @Test func `the layout of what was loaded is known until it goes`() {
        var record = ServerRecord(since: .zero)
        let load = ServerAction.load(
            name: "sql", path: "/sql", is3D: true, timeout: .seconds(1))
        record.started(load, now: .zero)
        _ = record.ended(load, .answered, now: .zero)
        _ = list(&record, ["sql": "/sql", "other": "/other"])
        #expect(record.observation.layouts == ["sql": true])
        _ = list(&record, ["other": "/other"])
        #expect(record.observation.layouts.isEmpty)
    }

    @Test func `a replacement of the layout that failed leaves the old one, and waits for its retry`() {
        var record = ServerRecord(since: .zero)
        record.started(load, now: .zero)
        _ = record.ended(load, .answered, now: .zero)
        _ = list(&record, ["sql": "/sql"])
        let replace = ServerAction.replace(
            name: "sql", root: "/sql", path: "/sql", is3D: true, inPlace: false, isOverwrite: false,
            timeout: .seconds(1))
        #expect(record.allows(replace))
        record.started(replace, now: .zero)
        _ = record.ended(replace, .failed(.init(.loadFailed, "no")), now: .zero)
        _ = list(&record, ["sql": "/sql"])
        #expect(record.observation.layouts == ["sql": false])
        #expect(record.observation.attempts["sql"]?.reported?.reason == .loadFailed)
    }

    @Test func `the layout says nothing of an entry that somebody put there afterwards`() {
        var record = ServerRecord(since: .zero)
        record.started(load, now: .zero)
        _ = record.ended(load, .answered, now: .zero)
        _ = list(&record, ["sql": "/sql"])
        _ = list(&record, ["sql": "/else"])
        #expect(record.observation.layouts.isEmpty)
    }

    // MARK: failures

    @Test func `a server that refuses and never answered is starting, for ten minutes`() {
        var record = ServerRecord(since: .zero)
        #expect(fail(&record) == .everything)
        #expect(record.observation.answer == .awaiting)
        #expect(fail(&record, at: 599) == .nothing)
        #expect(record.observation.answer == .awaiting)
        #expect(fail(&record, at: 600) == .everything)
        #expect(record.observation.answer == .blind(.connectionRefused, "refused"))
    }

    @Test func `or until its pod was Ready`() {
        var record = ServerRecord(since: .zero)
        _ = fail(&record, isReady: true)
        #expect(record.observation.answer == .blind(.connectionRefused, "refused"))
        #expect(fail(&record, isReady: false) == .nothing)
    }

    @Test(arguments: [Reason.unauthorized, .engineUnhealthy, .invalidResponse, .notVLLM, .serverError])
    func `or until any answer came`(_ reason: Reason) {
        var record = ServerRecord(since: .zero)
        _ = fail(&record, reason)
        _ = fail(&record)
        #expect(record.observation.answer == .blind(.connectionRefused, "refused"))
    }

    @Test(arguments: [Reason.connectTimeout, .secretNotFound, .secretInvalid, .nameResolutionFailed])
    func `what is no answer does not end the start`(_ reason: Reason) {
        var record = ServerRecord(since: .zero)
        _ = fail(&record, reason)
        _ = fail(&record)
        #expect(record.observation.answer == .awaiting)
    }

    @Test func `a server that had answered is blind at once, and what it listed is kept`() {
        var record = ServerRecord(since: .zero)
        _ = list(&record, ["sql": "/sql"])
        #expect(fail(&record, at: 3) == .everything)
        #expect(record.observation.answer == .blind(.connectionRefused, "refused"))
        #expect(record.observation.lastListing?.adapters["sql"]?.root == "/sql")
    }

    @Test func `lastSeen is set when it became blind, fixed while it is, and gone when it is back`() {
        var record = ServerRecord(since: .zero)
        _ = list(&record)
        _ = fail(&record, at: 1)
        _ = fail(&record, .requestTimeout, at: 2)
        #expect(record.observation.lastSeen == "2026-01-01T00:00:01Z")
        _ = list(&record)
        #expect(record.observation.lastSeen == nil)
    }

    @Test func `the same trouble in other words is no news, other trouble is`() {
        var record = ServerRecord(since: .zero)
        _ = fail(&record, .serverError, "500 at 10:00")
        #expect(fail(&record, .serverError, "500 at 10:01") == .nothing)
        #expect(record.observation.answer == .blind(.serverError, "500 at 10:00"))
        #expect(fail(&record, .requestTimeout, "slow") == .everything)
    }
}
