import AdapterPlanning
import Testing

private let held = ["sql": "/adapters/sql"]

@Suite struct StatusTests {
    @Test func `counts tell wanted, verified and blind servers`() {
        let status = situation(.server("a", holding: held), .blind("b", lastHolding: held), .server("c")).written()
            .stored
        #expect(status.ready == "1/3")
        #expect([status.desiredServers, status.loadedServers, status.unreachableServers] == [3, 1, 1])
    }

    @Test func `desired is replicas, even with fewer servers`() {
        let status = situation(.server("a", holding: held)) { $0.replicas = 4 }.written().stored
        #expect(status.ready == "1/4" && status.desiredServers == 4)
    }

    @Test func `id, parent and root are read back from the first server by name`() {
        var other = KnownServer.server("a", holding: held, base: ["first", "llama"])
        other.server.name = "z"
        let status = situation(other, .server("b", holding: held)).written().stored
        #expect([status.id, status.parent, status.root] == ["sql", "llama", "/adapters/sql"])
    }

    @Test func `what was read back stays while servers cannot be observed`() {
        let situation = situation(.server("a", holding: held)).written()
        let blind = situation.with(.blind("a")).written().stored
        #expect([blind.id, blind.parent, blind.root] == ["sql", "llama", "/adapters/sql"])
        #expect(blind.loadedServers == 0)
    }

    @Test func `it goes when every wanted server proved absence`() {
        let situation = situation(.server("a", holding: held), .server("b", holding: held)).written()
        let half = situation.with(.server("a")).with(.blind("b"))
        #expect(half.written().stored.id == "sql")
        let none = half.with(.server("b")).written().stored
        #expect(none.id == nil && none.parent == nil && none.root == nil)
    }

    @Test func `a foreign entry proves absence too`() {
        let situation = situation(.server("a", holding: held)).written()
        #expect(situation.with(.server("a", holding: ["sql": "/else"])).written().stored.id == nil)
    }

    @Test func `a line tells where and what a server is`() {
        let line = situation(.server("a", holding: held)).written().plan().line("a")
        #expect(line?.address == "10.0.0.1" && line?.incarnation == "containerd://a" && line?.port == 8000)
        #expect(line?.state == .loaded && line?.root == "/adapters/sql")
        #expect(line?.reason == nil && line?.message == nil && line?.lastSeenTime == nil)
    }

    @Test(arguments: [
        (Reason.connectionRefused, ServerStatus.State.unreachable), (.requestTimeout, .unreachable),
        (.tlsFailed, .unreachable), (.unauthorized, .unknown), (.invalidResponse, .unknown), (.serverError, .unknown),
    ])
    func `no answer is Unreachable, any other answer Unknown`(_ reason: Reason, _ state: ServerStatus.State) {
        #expect(situation(.blind("a", reason)).written().plan().line("a")?.state == state)
    }

    @Test func `lastSeenTime is set once and then fixed`() {
        var situation = situation(.blind("a", lastHolding: held), claims: [.on()]).written()
        #expect(situation.plan().line("a")?.lastSeenTime == "2026-01-01T00:00:00Z")
        situation.observations[.of("a")]?.lastSeen = "2027-01-01T00:00:00Z"
        #expect(situation.plan().line("a")?.lastSeenTime == "2026-01-01T00:00:00Z")
    }

    @Test func `a pod made anew under its name inherits nothing of the old line`() {
        var situation = situation(.blind("a", lastHolding: held), claims: [.on()]).written()
        situation.stored.servers?[0].incarnation = "containerd://before"
        situation.stored.servers?[0].address = "10.0.0.9"
        situation.observations[.of("a")] = KnownServer.blind("a").observation
        let line = situation.plan().line("a")
        #expect(line?.lastSeenTime == nil && line?.root == nil)
    }

    @Test func `a blind server's line keeps the root that was last known`() {
        let situation = situation(.server("a", holding: held)).written().with(.blind("a"))
        #expect(situation.plan().line("a")?.root == "/adapters/sql")
    }

    @Test func `of many servers the unhealthy are listed first, written by name`() {
        var many = situation()
        var servers: [Server] = []
        for number in 100..<140 {
            let name = "s\(number)"
            let known = number < 135 ? KnownServer.server(name, holding: held) : .blind(name)
            servers.append(known.server)
            many = many.with(known)
        }
        many.target = .servers(servers)
        let status = many.written().stored
        let names = status.servers?.map(\.name) ?? []
        #expect(names.count == 32 && status.serversOmitted == 8)
        #expect(names == names.sorted() && names.suffix(5) == ["s135", "s136", "s137", "s138", "s139"])
        #expect(names.first == "s100" && status.ready == "35/40")
    }

    @Test func `servers on two ports of one pod have a line each`() {
        let status = situation(.server("a", holding: held), .server("a", port: 8001, holding: held)).written().stored
        #expect(status.servers?.map(\.port) == [8000, 8001])
        #expect(status.claims == [.on(), .on(port: 8001)])
    }

    @Test func `no status is written before each server has answered or failed`() {
        var situation = situation(.server("a", holding: held), .pending("b"), claims: [.on()])
        situation.stored.ready = "as it was"
        #expect(situation.plan().status == nil)
        #expect(situation.with(.blind("b")).plan().status != nil)
    }

    @Test func `a server that had answered before a restart of the operator is not taken for a starting one`() {
        let situation = situation(.server("a", holding: held)).written().with(.awaiting("a"))
        #expect(situation.plan().summary == "Unreachable Unknown ConnectionRefused")
        var replaced = situation
        replaced.stored.servers?[0].incarnation = "containerd://before"
        #expect(replaced.plan().summary == "Loading False AwaitingServers")
    }

    @Test func `at rest a plan asks for nothing`() {
        let rest = situation(.server("a", holding: held), .blind("b"), .server("c", holding: held)).written()
        #expect(rest.plan().status == rest.stored)
        #expect(rest.plan().actions.isEmpty && rest.plan().finalizer == .keep && rest.plan().wakeAfter == nil)
    }
}
