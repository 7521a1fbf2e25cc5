import AdapterPlanning
import Testing

private let held = ["sql": "/adapters/sql"]
private let before = ["sql": "/adapters/before"]
private let claims = [Claim.on(), .on("sql", "/adapters/before")]
private let failed = Attempt.load(.failed(.pathNotFound), endedAt: .seconds(9_999))

@Suite struct ChangeTests {
    // MARK: loraName

    @Test func `a new name is loaded and confirmed before the old is unloaded`() {
        let old = Claim.on("old", "/adapters/sql")
        let renamed = situation(.server("a", holding: ["old": "/adapters/sql"]), claims: [old]).written()
        #expect(renamed.action(on: "a")?.loads == "sql=/adapters/sql")
        #expect(renamed.stored.claims == [old, .on()])
        let both = renamed.with(.server("a", holding: ["old": "/adapters/sql", "sql": "/adapters/sql"])).written()
        #expect(both.action(on: "a")?.unloads == "old=/adapters/sql")
        #expect(both.stored.claims == [old, .on()])
        let done = both.with(.server("a", holding: held)).written()
        #expect(done.plan().actions.isEmpty && done.stored.claims == [.on()])
    }

    @Test func `an old name stays where the new one cannot be loaded`() {
        let known = KnownServer.server("a", holding: ["old": "/adapters/sql"], attempts: ["sql": failed])
        let situation = situation(known, claims: [.on("old", "/adapters/sql"), .on()]).written()
        #expect(situation.plan().actions.isEmpty)
    }

    @Test func `the unload of an old name is not sent twice, and tried again when due`() {
        let both = ["old": "/adapters/sql", "sql": "/adapters/sql"]
        func plan(_ attempt: Attempt) -> AdapterPlan {
            situation(
                .server("a", holding: both, attempts: ["old": attempt]), claims: [.on("old", "/adapters/sql"), .on()]
            ).plan()
        }
        #expect(plan(.unload("/adapters/sql", .inFlight)).actions.isEmpty)
        #expect(plan(.unload("/adapters/sql", .answered, stamp: 200)).actions.isEmpty)
        let waiting = plan(.unload("/adapters/sql", .failed(.unloadFailed), endedAt: .seconds(9_996)))
        #expect(waiting.actions.isEmpty && waiting.wakeAfter == .seconds(1))
        #expect(!plan(.unload("/adapters/sql", .failed(.unloadFailed), endedAt: .seconds(9_995))).actions.isEmpty)
    }

    // MARK: loraPath

    @Test func `a new path replaces the old by Recreate, one server at a time`() {
        let situation = situation(
            .server("a", holding: before), .server("b", holding: before), .server("c", holding: before),
            claims: [.on("sql", "/adapters/before")]
        ).written()
        let plan = situation.plan()
        #expect(plan.actions.count == 1)
        #expect(
            situation.action(on: "a")
                == .replace(
                    name: "sql", root: "/adapters/before", path: "/adapters/sql", is3D: false, inPlace: false,
                    isOverwrite: false, timeout: .seconds(300)))
        #expect(plan.summary == "Loading False UpdateInProgress")
        #expect(situation.stored.claims == [.on("sql", "/adapters/before"), .on()])
    }

    @Test(arguments: [1, 2, 3, 9])
    func `at most maxUnavailable servers are without the adapter`(_ limit: Int) {
        let situation = situation(
            .server("a", holding: before), .server("b", holding: before), .server("c", holding: before), claims: claims
        ) { $0.maxUnavailable = limit }.written()
        #expect(situation.plan().actions.count == min(limit, 3))
    }

    @Test(arguments: [
        KnownServer.blind("a"), .awaiting("a"), .server("a"), .server("a", attempts: ["sql": .load(.inFlight)]),
    ])
    func `a server that is without it already counts`(_ known: KnownServer) {
        let situation = situation(known, .server("b", holding: before), claims: claims).written()
        #expect(situation.action(on: "b") == nil)
    }

    @Test func `a failed load stops the roll-out, whatever the limit`() {
        let situation = situation(
            .server("a", attempts: ["sql": failed]), .server("b", holding: before), .server("c", holding: held),
            claims: claims
        ) { $0.maxUnavailable = 3 }.written()
        #expect(situation.plan().actions.isEmpty)
        #expect(situation.plan().line("b")?.root == "/adapters/before")
        #expect(situation.plan().condition("Ready")?.reason == "PathNotFound")
    }

    @Test func `an in-place replacement that failed is tried again there and nowhere else`() {
        var attempt = Attempt.load(.failed(.pathNotFound))
        attempt.inPlace = true
        let situation = situation(
            .server("a", holding: before, attempts: ["sql": attempt]), .server("b", holding: before), claims: claims
        ) { ($0.strategy, $0.maxUnavailable) = (.inPlace, 2) }.written()
        #expect(situation.plan().actions.keys.sorted() == [.of("a")])
    }

    @Test func `InPlace replaces with load_inplace`() {
        let situation = situation(.server("a", holding: before), claims: claims) { $0.strategy = .inPlace }.written()
        #expect(
            situation.action(on: "a")
                == .replace(
                    name: "sql", root: "/adapters/before", path: "/adapters/sql", is3D: false, inPlace: true,
                    isOverwrite: false, timeout: .seconds(300)))
    }

    @Test func `going back to Recreate does not wait for the retry of an in-place load`() {
        var attempt = Attempt.load(.failed(.inPlaceUnsupported), endedAt: .seconds(9_999))
        attempt.inPlace = true
        let situation = situation(.server("a", holding: before, attempts: ["sql": attempt]), claims: claims).written()
        #expect(situation.action(on: "a")?.loads == "sql=/adapters/sql")
    }

    @Test func `another layout is replaced where this process knows the one that was loaded`() {
        var known = KnownServer.server("a", holding: held)
        known.observation.layouts["sql"] = false
        let situation = situation(known, claims: [.on()])
        #expect(situation.written().plan().actions.isEmpty)
        #expect(situation.editing { $0.is3D = true }.written().action(on: "a")?.loads == "sql=/adapters/sql")
        known.observation.layouts = [:]
        #expect(situation.with(known).editing { $0.is3D = true }.written().plan().actions.isEmpty)
    }

    @Test func `another layout does not wait for the retry of the one that failed`() {
        let situation = situation(.server("a", attempts: ["sql": failed]), claims: claims) { $0.is3D = true }.written()
        #expect(situation.action(on: "a")?.loads == "sql=/adapters/sql")
    }

    // MARK: target

    @Test func `a server that is no longer wanted is unloaded after the others hold the adapter`() {
        let former = KnownServer.server("z", holding: held)
        let loading = situation(.server("a"), others: [former], claims: [.on()]).written()
        #expect(loading.action(on: "z") == nil && loading.action(on: "a")?.loads != nil)
        #expect(loading.plan().line("z")?.state == .unloading)
        #expect(loading.plan().line("z")?.reason == "UnloadPending")
        let loaded = loading.with(.server("a", holding: held)).written()
        #expect(loaded.action(on: "z")?.unloads == "sql=/adapters/sql")
        let done = loaded.with(.server("z")).written()
        #expect(done.plan().line("z") == nil && done.plan().actions.isEmpty)
    }

    @Test func `a former server that cannot be observed stays Unloading and turns Unreachable True`() {
        let plan = situation(
            .server("a", holding: held), others: [.blind("z", lastHolding: held)], claims: [.on()]
        ).written().plan()
        #expect(plan.line("z")?.state == .unloading && plan.line("z")?.reason == "ConnectTimeout")
        #expect(plan.condition("Unreachable")?.status == .yes && plan.condition("Ready")?.status == .yes)
        #expect(plan.status?.unreachableServers == 0 && plan.status?.claims == [.on()])
    }

    @Test func `a failed unload is told, and stays told while it is tried again`() {
        func situation(_ attempt: Attempt) -> AdapterSituation {
            AdapterPlanningTests.situation(
                .server("a", holding: held), others: [.server("z", holding: held, attempts: ["sql": attempt])],
                claims: [.on()])
        }
        let failed = Attempt.unload(.failed(.unloadFailed, "engine says no"), endedAt: .seconds(9_999))
        let told = situation(failed).written()
        #expect(told.plan().line("z")?.message == "engine says no" && told.plan().wakeAfter == .seconds(4))
        var retrying = situation(.unload(.inFlight, previous: failed.repeated, count: 2))
        retrying.stored = told.stored
        #expect(retrying.plan().status == told.stored)
    }

    @Test func `a former server whose load has no answer yet is looked at again in time`() {
        let attempt = Attempt.load(.unknown, endedAt: .seconds(9_500))
        let plan = situation(
            .server("a", holding: held), others: [.server("z", attempts: ["sql": attempt])], claims: [.on()]
        ).written().plan()
        #expect(plan.line("z")?.state == .unloading && plan.wakeAfter == .seconds(100))
    }

    @Test func `when the Service is gone, servers that hold a claim stay listed and are left alone`() {
        var situation = situation(others: [.server("z", holding: held)], claims: [.on()])
        situation.target = .unusable(.serviceNotFound, "gone")
        let plan = situation.written().plan()
        #expect(plan.line("z")?.state == .unloading && plan.actions.isEmpty)
        #expect(plan.status?.claims == [.on()] && plan.summary == "Pending False ServiceNotFound")
    }

    @Test func `when the Service and its pods are gone, claims go`() {
        var situation = situation(claims: [.on()])
        situation.target = .unusable(.noServers, "none")
        #expect(situation.written().stored.claims == nil)
    }

    @Test func `foreign entries on former servers are left alone`() {
        let situation = situation(
            .server("a", holding: held), others: [.server("z", holding: ["sql": "/else", "x": "/y"])], claims: [.on()])
        #expect(situation.written().plan().actions.isEmpty)
    }

    // MARK: OnDemand

    @Test func `OnDemand loads nothing and takes a listed entry for its own`() {
        let situation = situation(.server("a"), .server("b", holding: held)) { $0.loading = .onDemand }.written()
        #expect(situation.plan().actions.isEmpty && situation.plan().summary == "Ready True Loaded")
        #expect(situation.plan().line("a")?.state == .onDemand && situation.stored.ready == "2/2")
        #expect(situation.stored.loadedServers == 1 && situation.stored.claims == [.on()])
    }

    @Test func `OnDemand takes another path for a conflict, whatever the policy`() {
        let situation = situation(.server("a", holding: ["sql": "/else"])) {
            ($0.loading, $0.conflictPolicy) = (.onDemand, .overwrite)
        }.written()
        #expect(situation.plan().summary == "Conflict False ForeignAdapter" && situation.plan().actions.isEmpty)
    }

    @Test func `OnDemand unloads its own old path although no other server has the name, or can have it`() {
        for rivals in [[], [Rival.rival(older: true, on: ["b", "c"])]] {
            let situation = situation(
                .server("a", holding: before), .server("b"), .server("c"), claims: claims, rivals: rivals
            ) { $0.loading = .onDemand }
            #expect(situation.written().action(on: "a")?.unloads == "sql=/adapters/before")
        }
    }

    @Test func `OnDemand unloads its own old path, with a delay after a failure`() {
        func plan(_ attempts: [String: Attempt]) -> AdapterPlan {
            situation(.server("a", holding: before, attempts: attempts), claims: claims) { $0.loading = .onDemand }
                .plan()
        }
        #expect(plan([:]).actions[.of("a")]?.unloads == "sql=/adapters/before")
        let failed = Attempt.unload("/adapters/before", .failed(.unloadFailed), endedAt: .seconds(9_999))
        #expect(plan(["sql": failed]).actions.isEmpty && plan(["sql": failed]).wakeAfter == .seconds(4))
    }
}
