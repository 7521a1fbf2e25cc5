import Testing

@testable import AdapterPlanning

/// Plans for adapters whose files the operator can see.
struct FilesVerdictTests {
    private static let problem = SpecProblem(reason: .invalidAdapter, message: "adapter_model.safetensors is missing")

    private func plan(_ known: KnownServer..., files: FilesVerdict, claims: [Claim] = []) -> AdapterPlan {
        var situation = situation(known[0], claims: claims)
        if known.count > 1 {
            situation.target = .servers(known.map(\.server))
            for server in known { situation.observations[server.server.id] = server.observation }
        }
        situation = situation.written()
        situation.files = files
        return situation.plan()
    }

    @Test func `while files are looked at nothing is loaded`() {
        let plan = plan(.server("a"), files: .pending)
        #expect(plan.actions.isEmpty && plan.summary == "Loading False LoadInProgress")
    }

    @Test func `faulty files are the reason, and are looked at again`() {
        let plan = plan(.server("a"), files: .faulty(Self.problem, nextLook: .seconds(30)))
        #expect(plan.actions.isEmpty && plan.summary == "Failed False InvalidAdapter")
        #expect(plan.condition("Ready")?.message.contains("adapter_model.safetensors is missing") == true)
        #expect(plan.condition("Stalled")?.status == .yes)
        #expect(plan.wakeAfter == .seconds(30))
    }

    @Test func `a new path that is faulty leaves the old one where it is`() {
        let old = KnownServer.server("a", holding: ["sql": "/adapters/before"])
        let claims = [Claim.on(), .on("sql", "/adapters/before")]
        let plan = plan(old, files: .faulty(Self.problem, nextLook: .seconds(30)), claims: claims)
        #expect(plan.actions.isEmpty)
        #expect(plan.line("a")?.root == "/adapters/before" && plan.line("a")?.reason == "InvalidAdapter")
    }

    @Test func `where it is loaded already, its files change nothing`() {
        for files in [FilesVerdict.pending, .faulty(Self.problem, nextLook: .seconds(30))] {
            let plan = plan(.server("a", holding: ["sql": "/adapters/sql"]), files: files, claims: [.on()])
            #expect(plan.summary == "Ready True Loaded" && plan.wakeAfter == nil)
        }
    }

    @Test func `sound files are loaded`() {
        #expect(plan(.server("a"), files: .sound).actions.count == 1)
    }
}
