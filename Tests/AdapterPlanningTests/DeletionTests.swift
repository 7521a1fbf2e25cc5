import AdapterPlanning
import Testing

private let held = ["sql": "/adapters/sql"]

@Suite struct DeletionTests {
    private func deleted(
        _ servers: KnownServer..., others: [KnownServer] = [], policy: AdapterWish.DeletionPolicy = .unload,
        timeout: Duration = .seconds(300), age: Duration = .seconds(10)
    ) -> AdapterSituation {
        var situation = situation(others: others, claims: [.on()])
        situation.target = .servers(servers.map(\.server))
        for known in servers { situation = situation.with(known) }
        return situation.deleted(policy, timeout: timeout, age: age)
    }

    private static let failed = Attempt.unload(.failed(.unloadFailed, "no"), endedAt: .seconds(9_999))

    @Test func `every server that holds a claim is unloaded, then the finalizer goes`() {
        let situation = deleted(.server("a", holding: held), .server("b"), others: [.server("z", holding: held)])
        let plan = situation.plan()
        #expect(plan.actions.keys.sorted() == [.of("a"), .of("z")] && plan.finalizer == .keep)
        #expect(plan.status?.servers?.map(\.state) == [.unloading, .unloading])
        #expect(situation.with(.server("a")).with(.server("z")).plan().finalizer == .remove)
    }

    @Test func `foreign entries stay`() {
        let plan = deleted(.server("a", holding: ["sql": "/else", "x": "/adapters/sql"])).plan()
        #expect(plan.actions.isEmpty && plan.finalizer == .remove)
    }

    @Test func `every name and path that was claimed is cleaned up, one after the other`() {
        var situation = deleted(.server("a", holding: ["sql": "/adapters/sql", "old": "/adapters/old"]))
        situation.stored.claims = [.on("old", "/adapters/old"), .on()]
        #expect(situation.action(on: "a")?.unloads == "old=/adapters/old")
        #expect(situation.with(.server("a", holding: held)).action(on: "a")?.unloads == "sql=/adapters/sql")
    }

    @Test func `an object without claims goes at once, and one without the finalizer needs nothing`() {
        var situation = deleted(.blind("a"))
        situation.stored.claims = nil
        #expect(situation.plan().finalizer == .remove)
        situation.hasFinalizer = false
        #expect(situation.plan() == AdapterPlan())
    }

    @Test func `Orphan leaves everything and goes at once`() {
        let plan = deleted(.server("a", holding: held), .blind("b"), policy: .orphan).plan()
        #expect(plan.finalizer == .remove && plan.actions.isEmpty && plan.abandoned.isEmpty)
    }

    @Test func `offline is not deleted: an unreachable server holds the finalizer until the deadline`() {
        let situation = deleted(.blind("a", lastHolding: held), age: .seconds(299))
        let plan = situation.plan()
        #expect(plan.finalizer == .keep && plan.wakeAfter == .seconds(1))
        #expect(plan.line("a")?.state == .unreachable && plan.condition("Unreachable")?.status == .yes)
        let late = situation.deleted(age: .seconds(300)).plan()
        #expect(late.finalizer == .remove && late.abandoned == ["a"])
    }

    @Test func `a longer timeout patched in holds on`() {
        let situation = deleted(.blind("a", lastHolding: held), timeout: .seconds(600), age: .seconds(300))
        #expect(situation.plan().finalizer == .keep)
    }

    @Test func `a blind server whose last list lacked the name does not hold`() {
        #expect(deleted(.blind("a", lastHolding: [:])).plan().finalizer == .remove)
    }

    @Test func `a server that was not asked yet holds even past the deadline`() {
        let plan = deleted(.pending("a"), age: .seconds(1_000)).plan()
        #expect(plan.finalizer == .keep && plan.status == nil)
    }

    @Test func `a starting server and a pod that is gone hold nothing`() {
        #expect(deleted(.awaiting("a")).plan().finalizer == .remove)
        #expect(deleted().plan().finalizer == .remove)
    }

    @Test func `a timeout of zero makes one attempt`() {
        let situation = deleted(.server("a", holding: held), timeout: .zero)
        #expect(situation.action(on: "a")?.unloads == "sql=/adapters/sql" && situation.plan().finalizer == .keep)
        let failed = situation.with(.server("a", holding: held, attempts: ["sql": Self.failed])).plan()
        #expect(failed.finalizer == .remove && failed.abandoned == ["a"])
    }

    @Test func `past the deadline an unload that was answered still waits for the list`() {
        for outcome in [Attempt.Outcome.answered, .unknown, .inFlight] {
            let answered = KnownServer.server("a", holding: held, attempts: ["sql": .unload(outcome, stamp: 200)])
            #expect(deleted(answered, timeout: .zero).plan().finalizer == .keep)
        }
        let listed = KnownServer.server("a", holding: held, attempts: ["sql": .unload(.answered, stamp: 50)])
        #expect(deleted(listed, timeout: .zero).plan().abandoned == ["a"])
    }

    @Test func `past the deadline one server that was not tried keeps all`() {
        let failed = KnownServer.server("a", holding: held, attempts: ["sql": Self.failed])
        let plan = deleted(failed, .server("b", holding: held), age: .seconds(1_000)).plan()
        #expect(plan.finalizer == .keep && plan.action(.of("b"))?.unloads == "sql=/adapters/sql")
    }

    @Test func `before the deadline a failed unload is tried again after a delay`() {
        let plan = deleted(.server("a", holding: held, attempts: ["sql": Self.failed])).plan()
        #expect(plan.actions.isEmpty && plan.wakeAfter == .seconds(4) && plan.finalizer == .keep)
        #expect(plan.line("a")?.reason == "UnloadFailed" && plan.line("a")?.message == "no")
    }

    @Test func `a load in flight is waited for, then what it loaded is unloaded`() {
        let loading = deleted(.server("a", attempts: ["sql": .load(.inFlight)]))
        #expect(loading.plan().actions.isEmpty && loading.plan().finalizer == .keep)
        let unknown = loading.with(.server("a", attempts: ["sql": .load(.unknown, endedAt: .seconds(9_500))])).plan()
        #expect(unknown.finalizer == .keep && unknown.wakeAfter == .seconds(100))
        #expect(loading.with(.server("a", holding: held)).action(on: "a")?.unloads == "sql=/adapters/sql")
    }

    @Test func `a terminating pod gets one attempt and does not hold`() {
        let server = KnownServer.server("z", holding: held).terminating
        #expect(deleted(others: [server]).action(on: "z")?.unloads == "sql=/adapters/sql")
        let tried = KnownServer.server("z", holding: held, attempts: ["sql": .unload(.inFlight)]).terminating
        #expect(deleted(others: [tried]).plan().finalizer == .remove)
        #expect(deleted(others: [KnownServer.blind("z").terminating]).plan().finalizer == .remove)
    }

    @Test func `the attempt of another object at a terminating pod is not ours`() {
        let other = KnownServer.server("z", holding: held, attempts: ["x": .unload("/x", .inFlight)]).terminating
        #expect(deleted(others: [other]).action(on: "z")?.unloads == "sql=/adapters/sql")
    }

    @Test func `a suspended object and one with a wrong spec are deleted all the same`() {
        let suspended = situation(.server("a", holding: held), claims: [.on()]) { $0.isSuspended = true }.deleted()
        #expect(suspended.action(on: "a")?.unloads == "sql=/adapters/sql")
        var wrong = deleted(.server("a", holding: held))
        wrong.wish = .failure(SpecProblem(reason: .invalidSpec, message: ""))
        #expect(wrong.action(on: "a")?.unloads == "sql=/adapters/sql")
    }

    @Test func `where the Service is gone, pods are unloaded at their own address`() {
        var situation = deleted(others: [.server("z", holding: held)])
        situation.target = .unusable(.serviceNotFound, "gone")
        #expect(situation.action(on: "z")?.unloads == "sql=/adapters/sql")
    }

    @Test func `while it waits, status says for whom, and changes no more`() {
        let situation = deleted(.blind("a", lastHolding: held), .server("b")).written()
        #expect(situation.plan().summary == "Terminating False ConnectTimeout")
        #expect(situation.plan().condition("Reconciling")?.status == .yes)
        #expect(situation.plan().status == situation.stored)
    }
}

extension AdapterPlan {
    fileprivate func action(_ id: ServerID) -> ServerAction? { actions[id] }
}
