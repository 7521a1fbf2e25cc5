import AdapterPlanning
import Testing

private let held = ["sql": "/adapters/sql"]
private let older = ["sql": "/adapters/sql-v1"]

@Suite struct WarningTests {
    private func reasons(_ situation: AdapterSituation) -> [String] {
        situation.written().plan().warnings.map(\.reason)
    }

    private func full(limit: Int?, told: Int? = nil, holding: [String: String] = held) -> AdapterSituation {
        var known = KnownServer.server("a", holding: holding.merging(["x": "/x", "y": "/y"]) { old, _ in old })
        known.observation.adapterLimit = told
        var situation = situation(known, .server("b"), claims: [.on()])
        situation.adapterLimit = limit
        return situation
    }

    // MARK: CapacityExceeded

    @Test func `V31: more names on a server than the limit is warned of, and blocks nothing`() {
        #expect(reasons(full(limit: 3)) == [])
        let plan = full(limit: 2).written().plan()
        #expect(plan.warnings.map(\.reason) == ["CapacityExceeded"] && plan.warnings.first?.isWarning == true)
        #expect(plan.warnings.first?.note == "a: 3 adapters, more than 2")
        #expect(plan.actions[.of("b")]?.loads == "sql=/adapters/sql")
    }

    @Test func `V31: a limit that the server told counts, and the smaller of two`() {
        #expect(reasons(full(limit: nil, told: 2)) == ["CapacityExceeded"])
        #expect(reasons(full(limit: 2, told: 9)) == ["CapacityExceeded"])
        #expect(reasons(full(limit: 9, told: 3)) == [])
        #expect(reasons(full(limit: nil)) == [])
    }

    @Test func `V31: a load that is to come counts, and what others put on a server is not this object's matter`() {
        #expect(full(limit: 2, holding: [:]).written().plan().warnings.first?.note == "a: 3 adapters, more than 2")
        let conflict = full(limit: 2, holding: ["sql": "/else"])
        #expect(conflict.written().plan().line("a")?.reason == "ForeignAdapter" && reasons(conflict) == [])
    }

    // MARK: StalePrefixCache

    @Test(arguments: [
        ("0.11.0", false), ("0.12.0", true), ("0.30.1", true), ("0.30.1.dev3+g1", true), ("0.31.0", false),
        ("0.9.2", false), ("1.0.0", false), ("nightly", true), (nil, true),
    ])
    func `other weights under a name are warned of where vLLM caches by the name`(version: String?, isStale: Bool) {
        var known = KnownServer.server("a", holding: older)
        known.observation.version = version
        let plan = situation(known, claims: [.on("sql", "/adapters/sql-v1"), .on()]).written().plan()
        #expect(plan.warnings.map(\.reason) == (isStale ? ["StalePrefixCache"] : []))
        #expect(plan.actions[.of("a")]?.loads == "sql=/adapters/sql", "it blocks nothing")
    }

    @Test func `another layout of the same path is stale in every version, a first load in none`() {
        var known = KnownServer.server("a", holding: held)
        (known.observation.version, known.observation.layouts) = ("0.32.0", ["sql": true])
        #expect(reasons(situation(known, claims: [.on()])) == ["StalePrefixCache"])
        #expect(reasons(situation(.server("a"))) == [])
        #expect(reasons(situation(.server("a", holding: held), claims: [.on()])) == [])
    }

    // MARK: KeyOverPlaintext

    @Test func `a key over plain http is warned of`() {
        var situation = situation(.server("a", holding: held), claims: [.on()])
        #expect(reasons(situation) == [])
        situation.sendsKeyInClear = true
        #expect(reasons(situation) == ["KeyOverPlaintext"])
    }

    @Test func `nothing is warned of before all servers have answered`() {
        var situation = situation(.server("a", holding: held), .pending("b"), claims: [.on()])
        situation.sendsKeyInClear = true
        #expect(reasons(situation) == [])
    }

    // MARK: telling

    @Test func `a warning is told when it becomes so, not for as long as it is, and again when it comes back`() {
        let (full, key) = (
            StatusEvent(reason: "CapacityExceeded", action: .load, note: "1", isWarning: true),
            StatusEvent(reason: "KeyOverPlaintext", action: .observe, note: "", isWarning: true)
        )
        var told = ToldWarnings()
        #expect(told.news([key], isKnown: false) == [key])
        #expect(told.news([key], isKnown: true) == [])
        #expect(told.news([full, key], isKnown: true) == [full])
        #expect(told.news([key], isKnown: true) == [])
        #expect(told.news([full, key], isKnown: true) == [full])
    }

    @Test func `what an earlier process has reported on is not told again`() {
        let key = StatusEvent(reason: "KeyOverPlaintext", action: .observe, note: "", isWarning: true)
        var told = ToldWarnings()
        #expect(told.news([key], isKnown: true) == [])
        #expect(told.news([], isKnown: true) == [])
        #expect(told.news([key], isKnown: true) == [key])
    }

    // MARK: Adopted

    @Test func `V19: an entry of nobody with the same name and path is adopted, which is told once`() {
        var situation = situation(.server("a", holding: held), .server("b"))
        (situation.hasFinalizer, situation.stored.phase) = (true, "Pending")
        let plan = situation.plan()
        #expect(plan.news.map(\.reason) == ["Adopted"] && plan.status?.claims == [.on()])
        #expect(plan.news.first?.note == "somebody had loaded it on a; from now on it is this object's")
        #expect(situation.written().plan().news == [])
    }

    @Test func `what another object claims is no adoption, nor is what is looked at while suspended`() {
        let rival = Rival.rival(older: false, loraName: "elsewhere", on: ["z"], claims: [.on()])
        var claimed = situation(.server("a", holding: held), rivals: [rival])
        claimed.hasFinalizer = true
        #expect(claimed.plan().news == [])
        var suspended = situation(.server("a", holding: held)) { $0.isSuspended = true }
        suspended.hasFinalizer = true
        #expect(suspended.plan().news == [])
    }
}
