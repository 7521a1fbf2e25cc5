import AdapterPlanning
import KubeAPI
import TestSupport
import Testing

@testable import AdapterController

@Suite struct PendingActionsTests {
    private func key(_ name: String) -> NamespacedName { NamespacedName(namespace: "ns", name: name) }
    private func unload(_ name: String) -> ServerAction { .unload(name: name, path: "/\(name)") }

    private func expectNews(_ isNews: Bool, in pending: inout PendingActions, _ action: ServerAction?, for name: String)
    {
        let answer = pending.set(action, for: key(name))
        #expect(answer == isNews)
    }

    /// Takes everything.
    private func names(_ pending: inout PendingActions) -> [String] {
        var names: [String] = []
        while let action = pending.take() { names.append(action.name) }
        return names
    }

    @Test func `actions are taken in the order in which they were asked for`() {
        var pending = PendingActions()
        for name in ["b", "a", "c"] { expectNews(true, in: &pending, unload(name), for: name) }
        #expect(names(&pending) == ["b", "a", "c"])
        #expect(pending.isEmpty)
    }

    @Test func `the same action asked for again is nothing new and keeps its place`() {
        var pending = PendingActions()
        _ = pending.set(unload("a"), for: key("a"))
        _ = pending.set(unload("b"), for: key("b"))
        expectNews(false, in: &pending, unload("a"), for: "a")
        #expect(names(&pending) == ["a", "b"])
    }

    @Test func `another action of the same object takes the place at the end`() {
        var pending = PendingActions()
        _ = pending.set(unload("a"), for: key("a"))
        _ = pending.set(unload("b"), for: key("b"))
        expectNews(true, in: &pending, unload("new"), for: "a")
        #expect(names(&pending) == ["b", "new"])
    }

    @Test func `an action can be taken back, and asked for anew`() {
        var pending = PendingActions()
        _ = pending.set(unload("a"), for: key("a"))
        expectNews(false, in: &pending, nil, for: "a")
        #expect(pending.isEmpty)
        expectNews(true, in: &pending, unload("a"), for: "a")
        #expect(names(&pending) == ["a"])
        // What was taken is new again.
        expectNews(true, in: &pending, unload("a"), for: "a")
    }

    @Test(arguments: UInt64(0)..<50)
    func `whatever is asked and taken back, each object's last wish is taken once`(_ seed: UInt64) {
        var random = SeededGenerator(state: seed)
        var pending = PendingActions()
        var expected: [(key: String, name: String)] = []
        for _ in 0..<200 {
            let name = "\(Int.random(in: 0..<6, using: &random))"
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                let taken = pending.take()
                #expect(taken?.name == expected.first?.name)
                if !expected.isEmpty { expected.removeFirst() }
            case 1:
                _ = pending.set(nil, for: key(name))
                expected.removeAll { $0.key == name }
            default:
                let wish = "\(name)-\(Int.random(in: 0..<3, using: &random))"
                _ = pending.set(unload(wish), for: key(name))
                if expected.contains(where: { $0.key == name && $0.name == wish }) { continue }
                expected.removeAll { $0.key == name }
                expected.append((name, wish))
            }
            #expect(pending.isEmpty == expected.isEmpty)
        }
    }
}
