import AdapterPlanning
import TestSupport
import Testing

@testable import AdapterController

/// A world in which everything goes wrong for a while, as a seed says, and then nothing does.
@Suite struct ConvergenceTests {
    private static let paths = ["/v1", "/v2", "/v3"]
    private static let names = ["sql", "law"]

    private static func makeWorld(_ random: inout SeededGenerator) -> ModelWorld {
        var world = ModelWorld()
        for number in 0..<Int.random(in: 1...5, using: &random) {
            let server = ModelServer("s\(number)")
            world.servers[server.server.name] = server
            world.members.insert(server.server.name)
        }
        for number in 0..<Int.random(in: 1...3, using: &random) {
            let seniority = Rival.Seniority(createdAt: "2026-01-0\(number + 1)T00:00:00Z", uid: "uid-\(number)")
            world.objects["object\(number)"] = ModelWorld.Object(wish: wish(&random), seniority: seniority)
        }
        return world
    }

    private static func wish(_ random: inout SeededGenerator) -> AdapterWish {
        var wish = AdapterWish(
            name: names.randomElement(using: &random) ?? "", path: paths.randomElement(using: &random) ?? "")
        wish.maxUnavailable = Int.random(in: 1...3, using: &random)
        wish.replicas = random.oneIn(2) ? nil : Int.random(in: 1...4, using: &random)
        wish.isSuspended = random.oneIn(8)
        return wish
    }

    /// One thing that happens.
    private static func happen(in world: inout ModelWorld, _ random: inout SeededGenerator) {
        guard let name = world.servers.keys.sorted().randomElement(using: &random) else { return }
        world.now += .seconds(Int.random(in: 0...20, using: &random))
        switch Int.random(in: 0..<40, using: &random) {
        case 0..<12: world.servers[name]?.probe(now: world.now)
        case 12..<24:
            if let key = world.objects.keys.sorted().randomElement(using: &random) { _ = world.reconcile(key) }
        case 24..<28: startSomething(on: name, in: &world, &random)
        case 28..<32: world.servers[name]?.finish(now: world.now)
        case 32:
            let late = world.servers[name]?.late ?? []
            world.servers[name]?.late = []
            for action in late { world.servers[name]?.apply(action) }
        case 33: world.servers[name]?.isUp.toggle()
        case 34: world.servers[name]?.restart(now: world.now)
        case 35: if !world.members.insert(name).inserted { world.members.remove(name) }
        case 36:
            for name in world.servers.keys { world.servers[name]?.forget(now: world.now) }
            for key in world.objects.keys { world.objects[key]?.used = [] }
        case 37:
            let adapter = names.randomElement(using: &random) ?? ""
            world.servers[name]?.adapters[adapter] = random.oneIn(3) ? nil : "/foreign"
        default:
            guard let key = world.objects.keys.sorted().randomElement(using: &random) else { return }
            if random.oneIn(6) {
                world.objects[key]?.isDeleting = true
            } else {
                world.objects[key]?.wish = wish(&random)
                world.objects[key]?.generation += 1
            }
        }
    }

    private static func startSomething(on name: String, in world: inout ModelWorld, _ random: inout SeededGenerator) {
        let before = world.servers[name]?.running == nil
        switch Int.random(in: 0..<6, using: &random) {
        case 0: world.servers[name]?.start(.failed(.init(.loadFailed, "no")), hasEffect: false, now: world.now)
        case 1: world.servers[name]?.start(.unknown, hasEffect: true, now: world.now)
        case 2:
            world.servers[name]?.start(.unknown, hasEffect: false, now: world.now)
            if before, let action = world.servers[name]?.running?.action, action.isLoad {
                world.servers[name]?.late.append(action)
            }
        default: world.servers[name]?.start(.answered, hasEffect: true, now: world.now)
        }
    }

    @Test(arguments: UInt64(0)..<200)
    func `whatever happened, the world comes to rest as its objects want it`(_ seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        var world = Self.makeWorld(&random)
        for _ in 0..<Int.random(in: 0...300, using: &random) { Self.happen(in: &world, &random) }
        for key in world.objects.keys { world.objects[key]?.wish.isSuspended = false }
        let foreign = world.servers.mapValues { $0.isUp ? $0.adapters.filter { $0.value == "/foreign" } : [:] }

        let rounds = world.settle(within: 400)
        try #require(rounds != nil, "still moving after 400 rounds")
        #expect(world.violations.isEmpty)
        for (name, entries) in foreign {
            let left = world.servers[name]?.adapters.filter { $0.value == "/foreign" }
            #expect(left?.count ?? 0 >= entries.count, "a foreign adapter went from \(name)")
        }
        for (key, object) in world.objects {
            #expect(!object.isDeleting, "\(key) was not released")
            let plan = world.situation(of: key, object).plan()
            #expect(plan.actions.isEmpty && plan.finalizer == .keep && plan.wakeAfter == nil)
            #expect(plan.status == object.status)
        }
        expectAsWanted(world)
    }

    private func expectAsWanted(_ world: ModelWorld) {
        for (name, server) in world.servers {
            for adapter in Self.names {
                let wanting = world.objects.values.filter {
                    $0.wish.name == adapter && world.wanted(by: $0).contains(server.server.id)
                }
                let winner = wanting.min { $0.seniority < $1.seniority }
                let path = server.adapters[adapter]
                if path == "/foreign" { continue }
                if let winner {
                    #expect(path == winner.wish.path, "\(adapter) on \(name)")
                } else if isAllWell(world, adapter) {
                    #expect(path == nil, "\(adapter) was left on \(name)")
                }
            }
        }
    }

    /// Unloads wait for objects that are not well everywhere else, so leftovers are judged where all are.
    private func isAllWell(_ world: ModelWorld, _ adapter: String) -> Bool {
        !world.members.isEmpty && world.objects.values.allSatisfy { $0.status.phase == "Ready" }
    }
}
