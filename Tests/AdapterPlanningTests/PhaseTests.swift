import AdapterPlanning
import Testing

private let held = ["sql": "/adapters/sql"]
private let foreign = ["sql": "/else"]
private let refused = KnownServer.server(
    "a", attempts: ["sql": .load(.failed(.pathNotFound), endedAt: .seconds(9_999))])

@Suite struct PhaseTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var situation: AdapterSituation
        var expected: String

        init(_ description: String, _ situation: AdapterSituation, _ expected: String) {
            (self.testDescription, self.situation, self.expected) = (description, situation, expected)
        }
    }

    static let cases = [
        Case("all loaded", situation(.server("a", holding: held), .server("b", holding: held)), "Ready True Loaded"),
        Case("a load to do", situation(.server("a")), "Loading False LoadInProgress"),
        Case("a server starts", situation(.awaiting("a")), "Loading False AwaitingServers"),
        Case("all blind", situation(.blind("a"), .blind("b", .serverError)), "Unreachable Unknown ConnectTimeout"),
        Case("one blind", situation(.blind("a"), .server("b", holding: held)), "Degraded Unknown ConnectTimeout"),
        Case("one foreign", situation(.server("a", holding: foreign)), "Conflict False ForeignAdapter"),
        Case(
            "conflict and blind", situation(.server("a", holding: foreign), .blind("b")),
            "Conflict False ForeignAdapter"),
        Case(
            "conflict and ok", situation(.server("a", holding: foreign), .server("b", holding: held)),
            "Degraded False ForeignAdapter"),
        Case("failed", situation(refused, claims: [.on()]), "Failed False PathNotFound"),
        Case("failed and blind", situation(refused, .blind("b"), claims: [.on()]), "Failed False PathNotFound"),
        Case(
            "failed and ok", situation(refused, .server("b", holding: held), claims: [.on()]),
            "Degraded False PathNotFound"),
        Case(
            "conflict outranks failed", situation(refused, .server("b", holding: foreign), claims: [.on()]),
            "Conflict False ForeignAdapter"),
        Case(
            "work and conflict", situation(.server("a", holding: foreign), .server("b")),
            "Loading False ForeignAdapter"),
        Case("work and ok", situation(.server("a"), .server("b", holding: held)), "Loading False LoadInProgress"),
        Case(
            "work, ok and blind", situation(.server("a"), .server("b", holding: held), .blind("c")),
            "Degraded False LoadInProgress"),
        Case(
            "too few servers", situation(.server("a", holding: held)) { $0.replicas = 2 },
            "Loading False AwaitingServers"),
        Case("new, not probed yet", situation(.pending("a"), .server("b")), "Pending False AwaitingServers"),
        Case("suspended", situation(.server("a")) { $0.isSuspended = true }, "Suspended False Suspended"),
        Case(
            "suspended while loaded", situation(.server("a", holding: held), claims: [.on()]) { $0.isSuspended = true },
            "Suspended True Loaded"),
        Case(
            "suspended and blind", situation(.blind("a"), claims: [.on()]) { $0.isSuspended = true },
            "Suspended Unknown ConnectTimeout"),
        Case("on demand", situation(.server("a")) { $0.loading = .onDemand }, "Ready True OnDemand"),
        Case(
            "deleted", situation(.server("a", holding: held), claims: [.on()]).deleted(),
            "Terminating False UnloadPending"),
    ]

    @Test(arguments: cases)
    func `phase and Ready follow from the servers`(_ example: Case) {
        #expect(example.situation.written().stored.summary == example.expected)
    }

    @Test(arguments: cases, ["1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z"])
    func `109, A35: what a clock said when a condition turned decides nothing`(_ example: Case, time: String) {
        var situation = example.situation.written()
        let plan = situation.plan()
        situation.stored.conditions = situation.stored.conditions?.map { condition in
            var condition = condition
            condition.lastTransitionTime = time
            return condition
        }
        let other = situation.plan()
        #expect(other.actions == plan.actions && other.finalizer == plan.finalizer)
        #expect(other.wakeAfter == plan.wakeAfter && other.summary == plan.summary)
        #expect(other.status == (plan.status == nil ? nil : situation.stored), "and it is not written anew")
    }

    @Test(arguments: [Reason.serviceNotFound, .serviceNotSupported, .portNotFound, .noServers, .endpointRefused])
    func `without usable servers an object is Pending for the target's reason`(_ reason: Reason) {
        var situation = situation(claims: [.on()])
        situation.target = .unusable(reason, "why")
        let plan = situation.plan()
        #expect(plan.summary == "Pending False \(reason.rawValue)")
        #expect(plan.condition("Stalled") == nil && plan.condition("Reconciling") == nil)
        #expect(plan.actions.isEmpty)
    }

    @Test func `a spec that is wrong is Failed and Stalled, and keeps its claims`() {
        var situation = situation(.server("a", holding: held), claims: [.on()])
        situation.wish = .failure(SpecProblem(reason: .invalidSpec, message: "spec.loraPath is missing"))
        let plan = situation.plan()
        #expect(plan.summary == "Failed False InvalidSpec")
        #expect(plan.condition("Stalled")?.message == "spec.loraPath is missing")
        #expect(plan.status?.claims == [.on()] && plan.actions.isEmpty)
    }

    @Test func `an invalid spec keeps what is known of the servers, and follows it`() {
        let sql = ["sql": "/adapters/sql"]
        var situation = situation(.server("a", holding: sql), .server("b", holding: sql), claims: [.on()]).written()
        #expect(situation.stored.phase == "Ready")
        situation.wish = .failure(SpecProblem(reason: .invalidSpec, message: "spec.loraPath is missing"))
        situation.generation = 2
        let plan = situation.plan()
        #expect(plan.summary == "Failed False InvalidSpec" && plan.status?.observedGeneration == 2)
        #expect(plan.status?.servers?.map(\.state) == [.loaded, .loaded] && plan.status?.loadedServers == 2)
        #expect((plan.status?.id, plan.status?.root) == ("sql", "/adapters/sql") && plan.actions.isEmpty)

        let blind = situation.with(.blind("a", lastHolding: sql)).with(.server("b")).plan()
        #expect(blind.status?.servers?.map(\.state) == [.unreachable, .absent] && blind.status?.loadedServers == 0)
        #expect(blind.condition("Unreachable")?.status == .yes && blind.condition("Stalled")?.reason == "InvalidSpec")
        #expect(blind.status?.root == "/adapters/sql", "last known")

        let restarted = situation.with(.pending("a")).plan()
        #expect(restarted.status?.servers == situation.stored.servers, "nothing new is said before each has answered")
    }
}
