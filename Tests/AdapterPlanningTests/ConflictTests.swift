import AdapterPlanning
import Testing

private let held = ["sql": "/adapters/sql"]
private let foreign = ["sql": "/else"]

@Suite struct ConflictTests {
    // MARK: foreign entries

    @Test func `a foreign entry is reported and never touched`() {
        let plan = situation(.server("a", holding: foreign), claims: [.on()]).written().plan()
        #expect(plan.actions.isEmpty && plan.line("a")?.state == .conflict)
        #expect(plan.line("a")?.root == "/else" && plan.condition("Stalled")?.reason == "ForeignAdapter")
    }

    @Test(arguments: [AdapterWish.UpdateStrategy.recreate, .inPlace])
    func `Overwrite replaces it by the update strategy, and says so in the action`(
        _ strategy: AdapterWish.UpdateStrategy
    ) {
        let situation = situation(.server("a", holding: foreign)) {
            ($0.conflictPolicy, $0.strategy) = (.overwrite, strategy)
        }.written()
        #expect(
            situation.action(on: "a")
                == .replace(
                    name: "sql", root: "/else", path: "/adapters/sql", is3D: false,
                    inPlace: strategy == .inPlace, isOverwrite: true, timeout: .seconds(300)))
    }

    @Test func `after three times another writer is assumed`() {
        var known = KnownServer.server("a", holding: foreign)
        known.observation.overwrites["sql"] = 3
        let plan = situation(known, claims: [.on()]) { $0.conflictPolicy = .overwrite }.written().plan()
        #expect(plan.summary == "Conflict False ConflictingWriter" && plan.actions.isEmpty)
    }

    @Test
    func `V20: a name that keeps vanishing is repaired three times at once, then reported and tried ever more rarely`()
    {
        func vanished(_ count: Int, _ seconds: Int, attempts: [String: Attempt] = [:]) -> AdapterPlan {
            var known = KnownServer.server("a", attempts: attempts)
            known.observation.vanishings["sql"] = Vanishing(count: count, at: .seconds(10_000 - seconds))
            return situation(known, claims: [.on()]).written().plan()
        }
        #expect(vanished(3, 0).actions[.of("a")]?.loads == "sql=/adapters/sql")
        let reported = vanished(4, 0)
        #expect(reported.summary == "Conflict False ConflictingWriter" && reported.actions.isEmpty)
        #expect(reported.wakeAfter == .seconds(40) && reported.condition("Stalled")?.reason == "ConflictingWriter")
        #expect(vanished(40, 0).wakeAfter == .seconds(300))
        // The retry keeps what is told until its outcome differs.
        let retry = vanished(4, 40)
        #expect(retry.summary == "Conflict False ConflictingWriter")
        #expect(retry.actions[.of("a")]?.loads == "sql=/adapters/sql")
        let sent = vanished(4, 40, attempts: ["sql": .load(.inFlight)])
        #expect(sent.summary == "Conflict False ConflictingWriter" && sent.actions.isEmpty)
        let failed = vanished(4, 40, attempts: ["sql": .load(.failed(.loadFailed), endedAt: .seconds(9_999))])
        #expect(failed.summary == "Loading False LoadFailed")
    }

    @Test func `what vanished long ago is forgotten`() {
        let first = Vanishing.next(after: nil, at: .seconds(5))
        let second = Vanishing.next(after: first, at: .seconds(60))
        #expect((first.count, second.count) == (1, 2))
        #expect(Vanishing.next(after: second, at: .seconds(60 + 3600)).count == 1)
    }

    @Test func `another LoRAAdapter's entry is waited for, not overwritten`() {
        let rival = Rival.rival(older: false, path: "/new", claims: [.on("sql", "/else")])
        let plan = situation(.server("a", holding: foreign), rivals: [rival]) { $0.conflictPolicy = .overwrite }
            .written().plan()
        #expect(plan.actions.isEmpty && plan.summary == "Loading False UnloadPending")
    }

    @Test func `nor is one that it still has to clean up on a server it left`() {
        let rival = Rival.rival(older: true, loraName: "elsewhere", on: ["z"], claims: [.on("sql", "/else")])
        let plan = situation(.server("a", holding: foreign), rivals: [rival]) { $0.conflictPolicy = .overwrite }
            .written().plan()
        #expect(plan.actions.isEmpty)
    }

    // MARK: duplicate names

    @Test func `the older object wins, the other says who`() {
        let loser = situation(.server("a"), rivals: [.rival(older: true)]).written().plan()
        #expect(loser.summary == "Conflict False DuplicateName" && loser.actions.isEmpty)
        #expect(loser.line("a")?.message == "LoRAAdapter other has the name \"sql\" on this server")
        let winner = situation(.server("a"), rivals: [.rival(older: false)]).written()
        #expect(winner.action(on: "a")?.loads == "sql=/adapters/sql")
    }

    @Test func `of the same age the smaller UID wins`() {
        var rival = Rival.rival(older: true)
        rival.seniority = Rival.Seniority(createdAt: "2026-01-02T00:00:00Z", uid: "objecs")
        #expect(situation(.server("a"), rivals: [rival]).written().plan().summary == "Conflict False DuplicateName")
        rival.seniority.uid = "objecu"
        #expect(situation(.server("a"), rivals: [rival]).written().plan().summary == "Loading False LoadInProgress")
    }

    @Test func `a winner in another namespace is not named`() {
        let plan = situation(.server("a"), rivals: [.rival(older: true, name: nil)]).written().plan()
        #expect(plan.line("a")?.message == "an older LoRAAdapter has the name \"sql\" on this server")
    }

    @Test func `the domain is the server`() {
        let plan = situation(.server("a"), .server("b"), rivals: [.rival(older: true, on: ["a"])]).written().plan()
        #expect(plan.line("a")?.state == .conflict && plan.actions.keys.sorted() == [.of("b")])
    }

    @Test func `equal names on two ports of a pod are no duplicates`() {
        let situation = situation(.server("a", port: 8001), rivals: [.rival(older: true, on: ["a"])]).written()
        #expect(situation.action(on: "a", port: 8001)?.loads == "sql=/adapters/sql")
    }

    @Test func `a winner that terminates keeps the name until it is gone`() {
        let rival = Rival.rival(older: true, isDeleting: true)
        let waiting = situation(.server("a"), rivals: [rival]).written()
        #expect(waiting.plan().summary == "Conflict False DuplicateName")
        var free = waiting
        free.rivals = []
        #expect(free.written().action(on: "a")?.loads == "sql=/adapters/sql")
    }

    @Test func `the loser stays in conflict while the winner loads`() {
        let loading = KnownServer.server("a", attempts: ["sql": .load("/adapters/other", .inFlight)])
        #expect(
            situation(loading, rivals: [.rival(older: true)]).written().plan().summary == "Conflict False DuplicateName"
        )
    }

    @Test func `the loser unloads what it had, with a delay after a failure`() {
        func plan(_ attempts: [String: Attempt]) -> AdapterPlan {
            situation(.server("a", holding: held, attempts: attempts), claims: [.on()], rivals: [.rival(older: true)])
                .plan()
        }
        #expect(plan([:]).actions[.of("a")]?.unloads == "sql=/adapters/sql")
        let failed = Attempt.unload(.failed(.unloadFailed), endedAt: .seconds(9_999))
        #expect(plan(["sql": failed]).actions.isEmpty && plan(["sql": failed]).wakeAfter == .seconds(4))
        #expect(plan(["sql": .unload(.inFlight)]).actions.isEmpty)
    }

    @Test func `a suspended loser unloads nothing`() {
        let situation = situation(.server("a", holding: held), claims: [.on()], rivals: [.rival(older: true)]) {
            $0.isSuspended = true
        }
        #expect(situation.plan().actions.isEmpty)
    }

    @Test func `the loser leaves the winner's entry alone, the present one and the one before`() {
        let same = situation(
            .server("a", holding: held), claims: [.on()], rivals: [.rival(older: true, path: "/adapters/sql")])
        #expect(same.plan().actions.isEmpty)
        let updating = situation(
            .server("a", holding: held), claims: [.on()], rivals: [.rival(older: true, path: "/new", claims: [.on()])])
        #expect(updating.plan().actions.isEmpty)
    }

    @Test func `with the same path the name is handed over without an unload, once the heir has claimed it`() {
        var heir = Rival.rival(older: false, path: "/adapters/sql")
        func deleted(after age: Duration = .zero, _ heir: Rival) -> AdapterPlan {
            situation(.server("a", holding: held), claims: [.on()], rivals: [heir]).deleted(age: age).plan()
        }
        #expect(deleted(heir).actions.isEmpty && deleted(heir).finalizer == .keep, "the heir may yet go another way")
        #expect(deleted(heir).status?.servers?.first?.message?.contains("about to take it over") == true)
        #expect(deleted(after: .seconds(300), heir).finalizer == .keep)
        #expect(deleted(after: .seconds(300), heir).wakeAfter == .seconds(10))
        #expect(deleted(after: .seconds(360), heir).abandoned == ["a"], "it may never be able to")
        let taken = situation(.server("a", holding: held)).written()
        #expect(taken.stored.claims == [.on()] && taken.plan().actions.isEmpty)
        heir.claims = [.on()]
        #expect(deleted(heir).actions.isEmpty && deleted(heir).finalizer == .keep, "it has not seen it")
        heir.observations = [.of("a"): KnownServer.server("a", holding: held).observation]
        #expect(deleted(heir).actions.isEmpty && deleted(heir).finalizer == .remove)
    }

    @Test func `the heir claims what an older object leaves to it while that one still goes`() {
        func heir(of path: String, isDeleting: Bool = true) -> AdapterSituation {
            let former = Rival.rival(older: true, path: path, isDeleting: isDeleting, claims: [.on("sql", path)])
            return situation(.server("a", holding: ["sql": path]), rivals: [former]).written()
        }
        #expect(heir(of: "/adapters/sql").stored.claims == [.on()])
        #expect(heir(of: "/adapters/sql").stored.phase == "Ready")
        #expect(heir(of: "/adapters/sql", isDeleting: false).stored.phase == "Conflict")
        #expect(heir(of: "/adapters/other").stored.phase == "Conflict", "what is unloaded there is not disturbed")
    }

    @Test func `an object that wants another base model is no heir`() {
        for (base, isHeir) in [("llama", true), ("another", false)] {
            var heir = Rival.rival(older: false, path: "/adapters/sql")
            heir.baseModel = base
            let deleted = situation(.server("a", holding: held), claims: [.on()], rivals: [heir]).deleted()
            #expect((deleted.action(on: "a") == nil) == isHeir)
        }
    }

    @Test func `an heir with another path, or that goes itself, is none`() {
        for heir in [Rival.rival(older: false), .rival(older: false, path: "/adapters/sql", isDeleting: true)] {
            let deleted = situation(.server("a", holding: held), claims: [.on()], rivals: [heir]).deleted()
            #expect(deleted.action(on: "a")?.unloads == "sql=/adapters/sql")
        }
    }

    @Test func `a younger object that wants the path before is no heir while the name is kept`() {
        let rival = Rival.rival(older: false, path: "/adapters/old")
        let old = Claim.on("sql", "/adapters/old")
        let plan = situation(.server("a", holding: ["sql": "/adapters/old"]), claims: [old], rivals: [rival]).plan()
        #expect(plan.status?.claims == [old, .on()].sorted())
    }

    @Test func `a server that is wanted no more is left to an heir, whoever may have sent what it holds`() {
        func plan(_ rivals: [Rival]) -> AdapterPlan {
            let former = KnownServer.server("z", holding: held)
            var situation = situation(.server("a", holding: held), others: [former], claims: [.on()], rivals: rivals)
            var line = ServerStatus(name: "z", port: 8000, state: .loading)
            (line.incarnation, line.address) = ("containerd://z", "10.0.0.1")
            situation.stored.servers = [line]
            situation.inherited = InheritedLoads(situation.stored, since: situation.now)
            return situation.plan()
        }
        #expect(plan([]).actions[.of("z")]?.unloads == "sql=/adapters/sql")
        let heir = Rival.rival(older: false, path: "/adapters/sql", on: ["z"], claims: [.on()])
        #expect(plan([heir]).actions.isEmpty)
    }

    @Test func `a move that is stuck gives up a server where another object waits for the name`() {
        func plan(on wanted: [String: String], _ rivals: [Rival], isSuspended: Bool = false) -> AdapterPlan {
            situation(
                .server("a", holding: wanted), others: [.server("z", holding: held)], claims: [.on()], rivals: rivals
            ) { $0.isSuspended = isSuspended }.plan()
        }
        let unload = [ServerID.of("z"): ServerAction.unload(name: "sql", path: "/adapters/sql")]
        let waiting = Rival.rival(older: false, on: ["z"])
        #expect(plan(on: foreign, [waiting]).actions == unload)
        // Each has what the other wants.
        #expect(plan(on: foreign, [.rival(older: false, on: ["z"], claims: [.on("sql", "/else")])]).actions == unload)
        var nowhere = situation(others: [.server("z", holding: held)], claims: [.on()], rivals: [waiting])
        #expect(nowhere.plan().actions.isEmpty, "its Service may have endpoints again soon")
        nowhere.service = "another"
        #expect(nowhere.plan().actions == unload)
        #expect(plan(on: foreign, []).actions.isEmpty, "nobody waits")
        #expect(plan(on: foreign, [waiting], isSuspended: true).actions.isEmpty)
        #expect(plan(on: [:], [waiting]).actions[.of("z")] == nil, "loaded where newly wanted, then unloaded")
    }

    @Test func `what an object may not unload yet holds up neither what another one waits for nor the rest`() {
        let claims = [Claim.on("old", "/adapters/sql"), .on()]
        let former = KnownServer.server("z", holding: ["old": "/adapters/sql", "sql": "/adapters/sql"])
        let waiting = Rival.rival(older: false, on: ["z"])
        var nowhere = situation(others: [former], claims: claims, rivals: [waiting])
        nowhere.service = "another"
        #expect(nowhere.action(on: "z")?.unloads == "sql=/adapters/sql")
        let heir = Rival.rival(older: false, loraName: "old", path: "/adapters/sql", on: ["z"])
        let moved = situation(.server("a", holding: held), others: [former], claims: claims, rivals: [heir])
        #expect(moved.action(on: "z")?.unloads == "sql=/adapters/sql")
    }

    @Test func `an heir that is suspended is none, unless it has claimed the entry before`() {
        var heir = Rival.rival(older: false, path: "/adapters/sql")
        heir.isSuspended = true
        let deleted = { (rival: Rival) in
            situation(.server("a", holding: held), claims: [.on()], rivals: [rival]).deleted().plan()
        }
        #expect(deleted(heir).actions[.of("a")]?.unloads == "sql=/adapters/sql")
        heir.claims = [.on()]
        heir.observations = [.of("a"): KnownServer.server("a", holding: held).observation]
        #expect(deleted(heir).finalizer == .remove)
    }

    @Test func `an old name that another object waits for is given up where the new one cannot be had`() {
        func action(_ rivals: [Rival], listing entries: [String: String]) -> ServerAction? {
            situation(
                .server("a", holding: entries), claims: [.on("old", "/adapters/old")], rivals: rivals
            ).action(on: "a")
        }
        let waiting = Rival.rival(older: false, loraName: "old")
        let swapped = Rival.rival(older: false, loraName: "old", claims: [.on("sql", "/adapters/other")])
        let blocked = ["old": "/adapters/old", "sql": "/adapters/other"]
        #expect(action([waiting], listing: blocked)?.unloads == "old=/adapters/old")
        #expect(action([swapped], listing: blocked)?.unloads == "old=/adapters/old")
        #expect(action([], listing: blocked) == nil)
        var suspended = waiting
        suspended.isSuspended = true
        #expect(action([suspended], listing: blocked) == nil)
    }

    @Test func `an old name that another object waits for is given up where the roll-out is held back`() {
        let situation = situation(
            .server("a", holding: ["sql": "/adapters/before", "old": "/adapters/old"]),
            .server("b", holding: ["sql": "/adapters/foreign"]),
            claims: [.on("old", "/adapters/old"), .on("sql", "/adapters/before")],
            rivals: [.rival(older: false, loraName: "old")])
        #expect(situation.action(on: "a")?.unloads == "old=/adapters/old")
    }

    @Test(arguments: [
        Rival.rival(older: false, loraName: "old", path: "/adapters/old"),
        .rival(older: false, loraName: "old", path: "/adapters/new", claims: [.on("old", "/adapters/old")]),
    ])
    func `an old name that another object takes over, or replaces by its own roll-out, is left to it`(heir: Rival) {
        let situation = situation(
            .server("a", holding: ["sql": "/adapters/sql", "old": "/adapters/old"]),
            claims: [.on("old", "/adapters/old"), .on()], rivals: [heir]
        ).written()
        #expect(situation.plan().actions.isEmpty)
        let isClaimed = !heir.claims.isEmpty
        #expect(situation.stored.claims == (isClaimed ? [.on()] : [.on("old", "/adapters/old"), .on()]))
    }
}
