import KubeAPI
import KubeRuntime
import TestSupport
import Testing

struct StoreIndexTests {
    private let store = Store<Thing>()
    private let index: StoreIndex<Thing, Int>

    init() { index = StoreIndex(of: store) { [$0.value, $0.value * 10] } }

    private func names(_ value: Int) -> [String] { index.keys(for: value).map(\.name) }

    @Test func `141: objects are found by their present values only, sorted`() {
        store.replace(with: ["c", "a", "b"].map { Thing($0, version: "1", value: 1) })
        #expect(names(1) == ["a", "b", "c"])
        #expect(names(10) == ["a", "b", "c"])

        store.put(Thing("a", version: "2", value: 2))
        store.remove(Thing.key("b"), uid: "u-b", resourceVersion: "3")
        #expect(names(1) == ["c"])
        #expect(names(2) == ["a"])

        store.put(Thing("c", uid: "other", version: "9", value: 2))
        #expect(names(1) == [] && names(2) == ["a", "c"])
        store.replace(with: [])
        #expect(names(2) == [])
    }

    @Test func `141: later observers find the index as new as the change`() {
        let journal = Collected<String>()
        store.observe { [names] change in journal.append("\(names(1))") }
        store.put(Thing("a", version: "1", value: 1))
        #expect(journal.all == [#"["a"]"#])
    }

    @Test func `69: what a list brings waits behind what somebody changed`() throws {
        let time = VirtualTime()
        let queue = WorkQueue<NamespacedName>(time: time, random: SeededRandom(1))
        store.feed(queue) { [$0.key] }
        store.replace(with: [Thing("a", version: "1"), Thing("b", version: "1")])
        store.put(Thing("c", version: "2"))

        let taken = try time.run { [try await queue.take(), try await queue.take(), try await queue.take()] }

        #expect(taken.map { $0?.name } == ["c", "a", "b"])
        #expect(queue.counts.adds == 3 && queue.counts.inProgress == 3)
    }
}
