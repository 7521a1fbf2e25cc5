import AdapterPlanning
import Testing

private let held = ["sql": "/adapters/sql"]

@Suite struct ClaimTests {
    @Test func `the finalizer comes first, then the claim, then the load`() {
        var situation = situation(.server("a"))
        var plan = situation.plan()
        #expect(plan.finalizer == .add && plan.status == nil && plan.actions.isEmpty)
        situation.hasFinalizer = true
        plan = situation.plan()
        #expect(plan.status?.claims == [.on()] && plan.actions.isEmpty)
        situation.stored = plan.status ?? AdapterStatus()
        #expect(situation.action(on: "a")?.loads == "sql=/adapters/sql")
    }

    @Test func `an adapter that stands there unclaimed is adopted with a claim and the finalizer`() {
        let situation = situation(.server("a", holding: held)).written()
        #expect(situation.hasFinalizer && situation.stored.claims == [.on()])
        #expect(situation.plan().actions.isEmpty)
    }

    @Test func `nothing is adopted while suspended`() {
        let situation = situation(.server("a", holding: held)) { $0.isSuspended = true }.written()
        #expect(!situation.hasFinalizer && situation.stored.claims == nil)
    }

    @Test func `an object in conflict claims nothing and needs no finalizer`() {
        let situation = situation(.server("a", holding: ["sql": "/else"])).written()
        #expect(!situation.hasFinalizer && situation.stored.claims == nil)
    }

    @Test func `loads on servers that answered do not wait for a new claim until the slowest has`() {
        let situation = situation(.server("a"), .pending("b"), claims: [.on("old", "/adapters/old")]).written()
        #expect(situation.stored.claims == [.on("old", "/adapters/old"), .on()])
        #expect(situation.action(on: "a")?.loads == "sql=/adapters/sql")
    }

    @Test func `a claim that no server can hold any more is dropped`() {
        let situation = situation(.server("a", holding: held), claims: [.on("old", "/adapters/old"), .on()]).written()
        #expect(situation.stored.claims == [.on()])
    }

    struct Holder: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var known: KnownServer
        var isKept: Bool
    }

    static let old = ["old": "/adapters/old"]

    static let holders = [
        Holder(testDescription: "listed", known: .server("b", holding: old), isKept: true),
        Holder(testDescription: "listed without it", known: .server("b", holding: held), isKept: false),
        Holder(
            testDescription: "listed with another path", known: .server("b", holding: ["old": "/else"]), isKept: false),
        Holder(testDescription: "blind, held it last", known: .blind("b", lastHolding: old), isKept: true),
        Holder(testDescription: "blind, never seen", known: .blind("b"), isKept: true),
        Holder(testDescription: "blind, did not hold it last", known: .blind("b", lastHolding: held), isKept: false),
        Holder(testDescription: "starting", known: .awaiting("b"), isKept: false),
        Holder(testDescription: "not asked", known: .pending("b"), isKept: true),
        Holder(
            testDescription: "load in flight",
            known: .server("b", attempts: ["old": .load("/adapters/old", .inFlight)]), isKept: true),
        Holder(
            testDescription: "load answered after the list",
            known: .server("b", attempts: ["old": .load("/adapters/old", .answered, stamp: 200)]), isKept: true),
        Holder(
            testDescription: "load without an answer",
            known: .server("b", attempts: ["old": .load("/adapters/old", .unknown, endedAt: .seconds(9_500))]),
            isKept: true),
        Holder(
            testDescription: "load without an answer, long ago",
            known: .server("b", attempts: ["old": .load("/adapters/old", .unknown, endedAt: .seconds(9_000))]),
            isKept: false),
        Holder(
            testDescription: "load refused, and then listed without it",
            known: .server("b", attempts: ["old": .load("/adapters/old", .failed(.pathNotFound))]), isKept: false),
    ]

    @Test(arguments: holders)
    func `a claim stays exactly while some server may hold it`(_ holder: Holder) {
        let situation = situation(holder.known, claims: [.on("old", "/adapters/old"), .on()])
        let claims = situation.plan().status?.claims ?? situation.stored.claims ?? []
        #expect(claims.contains(.on("old", "/adapters/old")) == holder.isKept)
    }

    /// A Service led to a port of its pods on which nobody listens.
    @Test func `a place that never gave a list holds nothing, however long nobody answers there`() {
        let never = situation(.blind("b", .connectionRefused), claims: [.on()]).written()
        #expect(never.stored.servers?.first?.lastSeenTime == nil)
        #expect(never.deleted().plan().finalizer == .keep, "where it is still wanted, nothing is assumed")
        var moved = situation(.server("a", holding: held), others: [.blind("b", .connectionRefused)], claims: [.on()])
        moved.stored.servers = never.stored.servers
        #expect(moved.written().stored.servers?.map(\.name) == ["a"])
    }

    @Test func `what an earlier process may have sent to a place without a list is waited for, and no longer`() {
        let never = situation(.blind("b", .connectionRefused), claims: [.on()]).written()
        var moved = situation(.server("a", holding: held), others: [.blind("b", .connectionRefused)], claims: [.on()])
        moved.stored.servers = never.stored.servers
        moved.inherited = InheritedLoads(moved.stored, since: moved.now)
        moved = moved.written()
        #expect(moved.stored.servers?.count == 2 && moved.plan().wakeAfter == .seconds(600))
        moved.now += .seconds(600)
        #expect(moved.written().stored.servers?.map(\.name) == ["a"])
    }

    @Test func `offline is not deleted: who gave an earlier process a list may hold a claim`() {
        var situation = situation(.server("b", holding: held)).written()
        situation.inherited = InheritedLoads(situation.stored, since: .zero)
        // Its container started anew, and the line does not say so yet.
        for incarnation in ["containerd://b", "containerd://later"] {
            let server = Server(id: .of("b"), name: "b", address: "10.0.0.1", incarnation: incarnation)
            // Its Service has gone elsewhere.
            (situation.target, situation.others) = (.servers([]), [server])
            let blind = situation.with(.blind("b"))
            #expect(blind.plan().line("b")?.lastSeenTime == situation.stored.conditions?.first?.lastTransitionTime)
            #expect(blind.deleted().plan().finalizer == .keep)
            var alone = blind
            alone.inherited = nil
            #expect(alone.written().deleted().plan().finalizer == .keep)
            var next = blind.written()
            next.inherited = InheritedLoads(next.stored, since: .zero)
            #expect(next.deleted().plan().finalizer == .keep)
        }
    }

    @Test func `a claim that waits for a load without an answer is looked at again in time`() {
        let attempt = Attempt.load("/adapters/old", .unknown, endedAt: .seconds(9_500))
        let plan = situation(
            .server("a", holding: held, attempts: ["old": attempt]), claims: [.on("old", "/adapters/old"), .on()]
        ).plan()
        #expect(plan.wakeAfter == .seconds(100))
    }

    @Test func `a claim stays until a list that was asked for after the look-up lacks it`() {
        let attempt = Attempt.load("/adapters/old", .unknown, endedAt: .seconds(9_000))
        var known = KnownServer.server("a", holding: held, attempts: ["old": attempt])
        let claims = [Claim.on("old", "/adapters/old"), .on()]
        for (requestedAt, kept) in [(9_599, claims), (9_600, [.on()])] {
            guard case .listed(var listing) = known.observation.answer else { continue }
            listing.requestedAt = .seconds(requestedAt)
            known.observation.answer = .listed(listing)
            known.observation.lastListing = listing
            #expect(situation(known, claims: claims).plan().status?.claims == kept)
        }
    }

    @Test func `a server is loaded once its line is persisted, so that it is found again without the Service`() {
        var planned = situation(.server("a", holding: held), .server("b"), claims: [.on()])
        #expect(planned.action(on: "b") == nil && planned.plan().line("b")?.state == .loading)
        planned = planned.written()
        #expect(planned.action(on: "b")?.loads == "sql=/adapters/sql")
        planned.stored.servers = planned.stored.servers?.map { line in
            var line = line
            line.address = "10.9.9.9"
            return line
        }
        #expect(planned.action(on: "b") == nil)
    }

    @Test func `before every server has answered the stored status stands, but for claims and the lines of loads`() {
        var planned = situation(.server("a"), .pending("slow"), claims: [.on("old", "/adapters/old")])
        planned.stored.servers = [ServerStatus(name: "gone", port: 8000, state: .loaded)]
        let status = planned.plan().status
        #expect(status?.phase == "Ready" && status?.claims?.count == 2)
        #expect(status?.servers?.map(\.name) == ["a", "gone"] && status?.servers?.last?.state == .loaded)
        #expect(planned.written().action(on: "a")?.loads == "sql=/adapters/sql")
        #expect(planned.written().plan().status == nil)
    }

    @Test func `a claim for another port does not outlive its servers`() {
        let situation = situation(.server("a", port: 8001, holding: held), claims: [.on(port: 8000)]).written()
        #expect(situation.stored.claims == [.on(port: 8001)])
    }

    @Test func `a claim under another Service for the same servers is succeeded by the present one`() {
        let situation = situation(.server("a", holding: held), claims: [.on(service: "before")]).written()
        #expect(situation.stored.claims == [.on()])
    }

    @Test func `while suspended a claim under another Service stays`() {
        let situation = situation(.server("a", holding: held), claims: [.on(service: "before")]) {
            $0.isSuspended = true
        }
        #expect(situation.written().stored.claims == [.on(service: "before")])
    }

    @Test func `if status was lost, what the spec asks for is claimed`() {
        var situation = situation(.server("a", holding: held))
        situation.hasFinalizer = true
        #expect(situation.deleted().action(on: "a")?.unloads == "sql=/adapters/sql")
        #expect(situation.deleted().plan().finalizer == .keep)
    }

    @Test func `claims that status lost are written again before anything is loaded under them`() {
        var situation = situation(.server("a"), .pending("b"))
        situation.hasFinalizer = true
        let plan = situation.plan()
        #expect(plan.status?.claims == [.on()] && plan.actions.isEmpty)
    }

    @Test func `while the list is full a newer spec waits, and old claims are cleaned up`() {
        let claims = (0..<16).map { Claim.on("old\($0)", "/adapters/old") }
        let names = Dictionary(uniqueKeysWithValues: claims.map { ($0.name, $0.path) })
        let full = situation(.server("a", holding: names), claims: claims).written()
        #expect(full.stored.claims?.count == 16)
        #expect(full.plan().summary == "Loading False UnloadPending")
        #expect(full.action(on: "a")?.unloads == "old0=/adapters/old")
        var left = names
        left["old0"] = nil
        let room = full.with(.server("a", holding: left)).written()
        #expect(room.stored.claims?.contains(.on()) == true)
        #expect(room.action(on: "a")?.loads == "sql=/adapters/sql")
    }

    @Test func `a full list of claims that nobody can hold is no obstacle`() {
        let claims = (0..<16).map { Claim.on("old\($0)", "/adapters/old") }
        let situation = situation(.server("a"), claims: claims).written()
        #expect(situation.stored.claims == [.on()])
    }

    @Test func `of a full list the claim of the fewest servers gives way`() {
        let claims = (0..<16).map { Claim.on("old\($0)", "/adapters/old") }
        var names = Dictionary(uniqueKeysWithValues: claims.map { ($0.name, $0.path) })
        let all = names
        names["old7"] = nil
        let situation = situation(.server("a", holding: all), .server("b", holding: names), claims: claims).written()
        #expect(situation.action(on: "a")?.unloads == "old7=/adapters/old")
        #expect(situation.action(on: "b") == nil)
    }

    @Test func `I9: a claim stays as long as a load of a process that died may end, and what it brings is unloaded`() {
        var situation = situation(.server("a", holding: ["law": "/adapters/law"]), claims: [.on()]) { wish in
            (wish.name, wish.path) = ("law", "/adapters/law")
        }
        var line = ServerStatus(name: "a", port: 8000, state: .loading)
        (line.incarnation, line.address) = ("containerd://a", "10.0.0.1")
        situation.stored.servers = [line]
        situation.inherited = InheritedLoads(situation.stored, since: situation.now)
        let young = situation.written()
        #expect(young.stored.claims == [.on("law", "/adapters/law"), .on()] && young.plan().wakeAfter == .seconds(600))
        #expect(young.plan().summary == "Ready True Loaded", "nobody waits for it")
        let late = young.with(.server("a", holding: ["law": "/adapters/law", "sql": "/adapters/sql"]))
        #expect(late.plan().actions[.of("a")]?.unloads == "sql=/adapters/sql")
        var old = young
        old.now += .seconds(600)
        #expect(old.written().stored.claims == [.on("law", "/adapters/law")])

        // Another container holds nothing, and where all was loaded nothing was under way.
        line.incarnation = "containerd://earlier"
        situation.inherited?.lines = [line]
        #expect(situation.written().stored.claims == [.on("law", "/adapters/law")])
        (line.incarnation, line.state) = ("containerd://a", .loaded)
        situation.inherited?.lines = [line]
        #expect(situation.written().stored.claims == [.on("law", "/adapters/law")])
    }

    @Test func `a server is asked as long as something may be there, and no longer`() {
        func mayHold(_ holding: [String: String] = [:], _ attempt: Attempt? = nil) -> Bool {
            KnownServer.server("a", holding: holding, attempts: attempt.map { ["sql": $0] } ?? [:]).observation
                .mayHold(anyOf: [.on()], loadTimeout: .seconds(300))
        }
        func attempt(_ outcome: Attempt.Outcome, path: String = "/adapters/sql", at seconds: Int = 0) -> Attempt {
            Attempt(.load, path: path, outcome: outcome, startedAt: .seconds(seconds), endedAt: .seconds(seconds))
        }
        let failed = Attempt.Outcome.failed(Attempt.Failure(.loadFailed, ""))
        #expect(!mayHold() && mayHold(held) && !mayHold(["sql": "/adapters/other"]))
        #expect(mayHold([:], attempt(.inFlight)) && !mayHold([:], attempt(failed)) && !mayHold([:], attempt(.answered)))
        // Its list was asked for at ten thousand seconds.
        #expect(mayHold([:], attempt(.unknown, at: 9_500)) && !mayHold([:], attempt(.unknown, at: 9_400)))
        #expect(!mayHold([:], attempt(.unknown, path: "/adapters/other", at: 9_500)))
        #expect(!KnownServer.awaiting("a").observation.mayHold(anyOf: [.on()], loadTimeout: .zero))
        #expect(KnownServer.blind("a").observation.mayHold(anyOf: [.on()], loadTimeout: .zero))
    }

    @Test func `I9: a former server is done with when a load of a process that died has ended`() {
        var situation = situation(.server("a", holding: held), others: [.server("b")], claims: [.on()])
        var line = ServerStatus(name: "b", port: 8000, state: .loading)
        (line.incarnation, line.address) = ("containerd://b", "10.0.0.1")
        situation.stored.servers = [line]
        situation.inherited = InheritedLoads(situation.stored, since: situation.now)
        let young = situation.written()
        #expect(young.stored.servers?.map(\.name) == ["a", "b"] && young.plan().wakeAfter == .seconds(600))
        var old = young
        old.now += .seconds(600)
        #expect(old.written().stored.servers?.map(\.name) == ["a"])
    }
}
