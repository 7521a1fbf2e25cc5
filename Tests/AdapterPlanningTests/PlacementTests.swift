import AdapterPlanning
import TestSupport
import Testing

private let held = ["sql": "/adapters/sql"]

@Suite struct PlacementTests {
    private func chosen(
        _ replicas: Int?, _ servers: [Server], keeping: [ServerID: Slot] = [:], uid: String = "u"
    ) -> Set<ServerID> {
        Set(Placement.choose(replicas, of: servers, for: uid, keeping: keeping).map(\.id))
    }

    private func servers(_ count: Int) -> [Server] { (0..<count).map { .named("s\($0)") } }

    @Test func `without replicas, or with enough for all, every server is chosen`() {
        #expect(chosen(nil, servers(5)).count == 5)
        #expect(chosen(5, servers(5)).count == 5 && chosen(9, servers(5)).count == 5)
        #expect(chosen(3, servers(5)).count == 3)
    }

    @Test func `the hash is the same in every process`() {
        let order = Placement.choose(1, of: servers(8), for: "0b7a", keeping: [:]).map(\.name)
        #expect(order == Placement.choose(1, of: servers(8).reversed(), for: "0b7a", keeping: [:]).map(\.name))
        #expect(Placement.weight(of: ServerID(owner: "pod", port: 8000), for: "uid") == 0x7ccd_9a1d_a28b_b5aa)
    }

    @Test(arguments: UInt64(0)..<100)
    func `a server that leaves moves only its own`(_ seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        let all = servers(Int.random(in: 2...20, using: &generator))
        let replicas = Int.random(in: 1..<all.count, using: &generator)
        let before = chosen(replicas, all, uid: "\(seed)")
        let gone = try #require(all.randomElement(using: &generator))
        let slots = Dictionary(uniqueKeysWithValues: before.map { ($0, Slot.held) })
        let after = chosen(replicas, all.filter { $0 != gone }, keeping: slots, uid: "\(seed)")
        #expect(after.isSuperset(of: before.subtracting([gone.id])))
    }

    @Test(arguments: UInt64(0)..<100)
    func `a server that joins moves nothing`(_ seed: UInt64) {
        var generator = SeededGenerator(state: seed)
        let all = servers(Int.random(in: 2...20, using: &generator))
        let replicas = Int.random(in: 1..<all.count, using: &generator)
        let before = chosen(replicas, all, uid: "\(seed)")
        let slots = Dictionary(uniqueKeysWithValues: before.map { ($0, Slot.held) })
        let joined = (all + [.named("new")]).shuffled(using: &generator)
        #expect(chosen(replicas, joined, keeping: slots, uid: "\(seed)") == before)
    }

    @Test func `objects spread over the servers`() {
        let names = (0..<400).flatMap {
            Placement.choose(1, of: servers(4), for: "uid-\($0)", keeping: [:]).map(\.name)
        }
        for server in servers(4) { #expect((60...140).contains(names.count { $0 == server.name })) }
    }

    // MARK: through the plan

    private func placed(_ known: [KnownServer], _ replicas: Int, claims: [Claim] = [.on()]) -> AdapterSituation {
        var situation = situation(claims: claims) { $0.replicas = replicas }
        situation.target = .servers(known.map(\.server))
        for server in known { situation = situation.with(server) }
        return situation.written()
    }

    @Test func `servers that hold the adapter keep it when others join`() {
        let known = [KnownServer.server("a", holding: held)] + ["b", "c", "d", "e"].map { .server($0) }
        #expect(placed(known, 1).plan().actions.isEmpty)
        #expect(placed(known, 1).plan().summary == "Ready True Loaded")
    }

    @Test func `a server that cannot be observed keeps its slot`() {
        let first = placed([.server("a", holding: held), .server("b")], 1)
        let blind = first.with(.blind("a", .connectionRefused))
        #expect(blind.plan().actions.isEmpty && blind.plan().status?.desiredServers == 1)
        #expect(blind.written().plan().line("a")?.state == .unreachable)
    }

    @Test func `a server that restarts gets its adapter back`() {
        for joined in ["b", "c", "d", "e", "f"] {
            let first = placed([.server("a", holding: held), .server(joined)], 1)
            let restarted = first.with(.awaiting("a")).written().with(.server("a")).written()
            #expect(restarted.action(on: "a")?.loads != nil && restarted.action(on: joined) == nil)
        }
    }

    @Test func `scaling down unloads after the others are verified`() {
        let three = placed(["a", "b", "c"].map { .server($0, holding: held) }, 2)
        #expect(three.plan().actions.count == 1 && three.plan().actions.values.first?.unloads == "sql=/adapters/sql")
        let kept = three.plan().status?.servers?.filter { $0.state == .loaded }.map(\.name) ?? []
        #expect(kept.count == 2)
        let blind = three.with(.blind(kept[0], lastHolding: held))
        #expect(blind.plan().actions.isEmpty)
    }

    @Test func `a server that is to be unloaded takes no slot back when it cannot be observed`() throws {
        for count in 3...8 {
            let names = (0..<count).map { "s\($0)" }
            let many = placed(names.map { .server($0, holding: held) }, 1)
            let former = try #require(many.plan().status?.servers?.first { $0.state == .unloading }?.name)
            let blind = many.with(.blind(former)).written().with(.blind(former))
            #expect(blind.plan().line(former)?.state == .unloading)
            #expect(blind.plan().status?.ready == "1/1")
        }
    }

    @Test func `before all servers have answered nothing is placed`() {
        let known: [KnownServer] = ["a", "b", "c", "d"].map { .server($0) } + [.pending("z")]
        #expect(placed(known, 2).plan().actions.isEmpty)
        #expect(placed(Array(known.dropLast()), 2).plan().actions.count == 2)
    }
}
