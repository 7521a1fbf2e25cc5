import AdapterPlanning
import Testing

private let held = ["sql": "/adapters/sql"]

@Suite struct ConditionTests {
    @Test func `Ready and Unreachable are always there, the others only while True`() {
        let plan = situation(.server("a", holding: held)).written().plan()
        #expect(plan.status?.conditions?.map(\.type) == ["Ready", "Unreachable"])
        #expect(plan.condition("Unreachable")?.status == .no)
        #expect(plan.condition("Unreachable")?.reason == "Observed")
    }

    @Test func `Unreachable is True while one server is blind`() {
        let plan = situation(.server("a", holding: held), .blind("b", .engineUnhealthy)).written().plan()
        #expect(plan.condition("Unreachable")?.status == .yes)
        #expect(plan.condition("Unreachable")?.reason == "EngineUnhealthy")
    }

    @Test func `Reconciling is there while a server is work`() {
        let plan = situation(.server("a"), .server("b", holding: ["sql": "/else"])).written().plan()
        #expect(plan.condition("Reconciling")?.reason == "LoadInProgress")
        #expect(plan.condition("Stalled") == nil)
    }

    @Test(arguments: [Reason.unauthorized, .secretNotFound, .secretInvalid, .tlsFailed, .notVLLM])
    func `Stalled is there when only a person can mend what blinds us`(_ reason: Reason) {
        let plan = situation(.blind("a", reason), .server("b", holding: held)).written().plan()
        #expect(plan.condition("Stalled")?.reason == reason.rawValue)
    }

    @Test(arguments: [Reason.connectionRefused, .requestTimeout, .serverError, .engineUnhealthy])
    func `what may pass by itself is not Stalled`(_ reason: Reason) {
        let plan = situation(.blind("a", reason), .server("b", holding: ["sql": "/else"])).written().plan()
        #expect(plan.condition("Stalled") == nil)
    }

    @Test func `every condition carries the generation that was acted on`() {
        let plan = situation(.server("a")).editing { $0.path = "/adapters/new" }.written().plan()
        #expect(plan.status?.observedGeneration == 2)
        #expect(plan.status?.conditions?.allSatisfy { $0.observedGeneration == 2 } == true)
    }

    @Test func `104: a transition time changes with the status alone`() {
        var situation = situation(.server("a", holding: held)).written()
        situation.timestamp = "2026-02-01T00:00:00Z"
        situation = situation.with(.blind("a", lastHolding: held))
        let blind = situation.plan()
        #expect(blind.condition("Ready")?.lastTransitionTime == "2026-02-01T00:00:00Z")
        situation.stored = blind.status ?? AdapterStatus()
        situation.timestamp = "2026-03-01T00:00:00Z"
        let other = situation.with(.blind("a", .serverError, lastHolding: held)).plan()
        #expect(other.condition("Ready")?.reason == "ServerError")
        #expect(other.condition("Ready")?.lastTransitionTime == "2026-02-01T00:00:00Z")
    }

    @Test func `110: a message names three servers at most, by name`() {
        let plan = situation(.blind("d"), .blind("b"), .blind("a"), .blind("c"), .blind("e")).written().plan()
        #expect(
            plan.condition("Ready")?.message
                == "a: ConnectTimeout (no answer); b: ConnectTimeout (no answer); c: ConnectTimeout (no answer); and 2 more"
        )
    }

    @Test func `messages are bounded`() {
        let long = String(repeating: "ö", count: 2_000)
        let failed = Attempt.load(.failed(.invalidAdapter, long), endedAt: .seconds(9_999))
        let plan = situation(.server("a", attempts: ["sql": failed]), claims: [.on()]).written().plan()
        #expect(plan.line("a")?.message?.utf8.count ?? 0 <= 256)
        #expect(plan.condition("Ready")?.message.utf8.count ?? 0 <= 1024)
    }

    @Test func `110: the order of servers and observations changes nothing`() {
        let forth = situation(.blind("a"), .server("b"), .server("c", holding: held), claims: [.on()])
        let back = situation(.server("c", holding: held), .server("b"), .blind("a"), claims: [.on()])
        #expect(forth.plan() == back.plan())
    }
}
