import AdapterPlanning
import Testing

private let held = ["sql": "/adapters/sql"]

@Suite struct LoadTests {
    private func after(_ attempt: Attempt, holding: [String: String] = [:]) -> AdapterSituation {
        situation(.server("a", holding: holding, attempts: ["sql": attempt]), claims: [.on()]).written()
    }

    @Test func `a load carries path, layout and timeout, and is never in place`() {
        let situation = situation(.server("a"), claims: [.on()]) {
            ($0.is3D, $0.strategy, $0.loadTimeout) = (true, .inPlace, .seconds(7))
        }.written()
        #expect(
            situation.action(on: "a")
                == .load(name: "sql", path: "/adapters/sql", is3D: true, timeout: .seconds(7)))
    }

    @Test func `nothing is sent while a load is in flight, or before a later list has answered`() {
        for attempt in [Attempt.load(.inFlight), .load(.answered, stamp: 200), .load(.unknown, stamp: 200)] {
            let plan = after(attempt).plan()
            #expect(plan.actions.isEmpty && plan.summary == "Loading False LoadInProgress")
        }
    }

    @Test func `the answer of a load proves nothing`() {
        #expect(after(.load(.answered, stamp: 200)).stored.loadedServers == 0)
        #expect(after(.load(.answered, endedAt: .seconds(9_999))).plan().summary == "Loading False LoadNotConfirmed")
    }

    @Test func `a load without an answer is not sent again before twice its timeout`() {
        let waiting = after(.load(.unknown, endedAt: .seconds(9_401)))
        #expect(waiting.plan().actions.isEmpty && waiting.plan().wakeAfter == .seconds(1))
        #expect(waiting.plan().summary == "Loading False LoadTimedOut")
        let due = after(.load(.unknown, endedAt: .seconds(9_400)))
        #expect(due.action(on: "a")?.loads == "sql=/adapters/sql")
        #expect(due.plan().summary == "Loading False LoadTimedOut")
    }

    @Test func `a load without an answer is given up only by a list that was asked for after twice its timeout`() {
        var known = KnownServer.server("a", attempts: ["sql": .load("/adapters/before", .unknown)])
        guard case .listed(var listing) = known.observation.answer else { return }
        for (seconds, isSent) in [(599, false), (600, true)] {
            listing.requestedAt = .seconds(seconds)
            (known.observation.answer, known.observation.lastListing) = (.listed(listing), listing)
            let plan = situation(known, claims: [.on(), .on("sql", "/adapters/before")]).written().plan()
            #expect((plan.actions[.of("a")]?.loads == "sql=/adapters/sql") == isSent)
        }
    }

    @Test func `nor is another path while the first may still be loading`() {
        let attempt = Attempt.load("/adapters/before", .unknown, endedAt: .seconds(9_500))
        let situation = situation(
            .server("a", attempts: ["sql": attempt]), claims: [.on(), .on("sql", "/adapters/before")]
        ).written()
        #expect(situation.plan().actions.isEmpty && situation.plan().wakeAfter == .seconds(100))
        #expect(situation.stored.claims?.count == 2)
    }

    @Test(arguments: [(1, 5), (2, 10), (3, 20), (6, 160), (7, 300), (1_000, 300)])
    func `a failed load is tried again after a delay that doubles up to five minutes`(_ count: Int, _ seconds: Int) {
        let early = after(.load(.failed(.loadFailed), count: count, endedAt: .seconds(10_001 - seconds)))
        #expect(early.plan().actions.isEmpty && early.plan().wakeAfter == .seconds(1))
        let due = after(.load(.failed(.loadFailed), count: count, endedAt: .seconds(10_000 - seconds)))
        #expect(due.action(on: "a")?.loads == "sql=/adapters/sql")
    }

    static let refusals: [Reason] = [
        .runtimeUpdatingDisabled, .loraDisabled, .pathNotFound, .pathNotAllowed, .rankTooLarge, .invalidAdapter,
        .inPlaceUnsupported,
    ]

    @Test(arguments: refusals)
    func `a refusal is Failed and Stalled with the server's words`(_ reason: Reason) {
        let plan = after(.load(.failed(reason, "rank 64 is too much"), endedAt: .seconds(9_999))).plan()
        #expect(plan.summary == "Failed False \(reason.rawValue)")
        #expect(plan.condition("Stalled")?.reason == reason.rawValue)
        #expect(plan.line("a")?.state == .failed && plan.line("a")?.message == "rank 64 is too much")
    }

    static let outcomes: [Attempt.Outcome] = [.failed(.loadFailed), .failed(.pathNotFound), .answered, .unknown]

    @Test(arguments: outcomes)
    func `a retry keeps state and reason until its outcome differs`(_ outcome: Attempt.Outcome) {
        let first = Attempt.load(outcome)
        let rest = after(first)
        let retry = Attempt.load(.inFlight, previous: first.repeated, count: 2)
        let retrying = rest.with(.server("a", attempts: ["sql": retry]))
        #expect(retrying.plan().status == rest.stored)
        let answered = Attempt.load(.answered, previous: first.repeated, count: 2, stamp: 200)
        #expect(rest.with(.server("a", attempts: ["sql": answered])).plan().status == rest.stored)
    }

    @Test func `a name that a base model has is refused before anything is sent`() {
        let plan = situation(.server("a", base: ["sql"])).written().plan()
        #expect(plan.summary == "Failed False NameCollidesWithBaseModel" && plan.actions.isEmpty)
    }

    @Test func `baseModelName may be any base model's id, and else nothing is loaded`() {
        let known = KnownServer.server("a", base: ["llama", "alias"])
        let alias = situation(known) { $0.baseModel = "alias" }.written()
        #expect(alias.action(on: "a")?.loads == "sql=/adapters/sql")
        let wrong = situation(known) { $0.baseModel = "qwen" }.written().plan()
        #expect(wrong.summary == "Failed False BaseModelMismatch" && wrong.actions.isEmpty)
        #expect(wrong.line("a")?.message == "baseModelName is \"qwen\", but the server serves \"alias\", \"llama\"")
    }

    @Test func `nothing is sent to blind, starting and terminating servers`() {
        let servers = situation(
            .blind("a"), .awaiting("b"), others: [KnownServer.server("c").terminating], claims: [.on()])
        #expect(servers.written().plan().actions.isEmpty)
    }

    @Test func `a slow or dead server delays no other`() {
        let situation = situation(.blind("a"), .server("b", attempts: ["sql": .load(.inFlight)]), .server("c"))
            .written()
        #expect(situation.action(on: "c")?.loads == "sql=/adapters/sql")
    }

    @Test func `nothing is loaded, unloaded or adopted while suspended`() {
        let servers = situation(
            .server("a"), .server("b", holding: ["sql": "/adapters/before", "old": "/adapters/old"]),
            others: [.server("c", holding: held)],
            claims: [.on(), .on("old", "/adapters/old"), .on("sql", "/adapters/before")]
        ) { $0.isSuspended = true }.written()
        #expect(servers.plan().actions.isEmpty)
        #expect(servers.stored.claims?.count == 3)
    }
}
