import KubeAPI
import KubeRuntime
import Synchronization
import TestSupport
import Testing

struct StoreTests {
    private let store = Store<Thing>()
    private let journal = Collected<String>()

    init() {
        store.observe { [journal] change in
            let verb = change.new == nil ? "delete" : change.old == nil ? "add" : "update"
            let version = (change.new ?? change.old)?.metadata.resourceVersion ?? ""
            journal.append("\(verb) \(change.key.name)@\(version) \(change.cause)")
        }
    }

    @Test func `a list replaces everything and tells the difference, deletions first, sorted`() {
        store.replace(with: [Thing("c", version: "1"), Thing("a", version: "1"), Thing("b", version: "1")])
        #expect(journal.all == ["add a@1 list", "add b@1 list", "add c@1 list"])

        store.replace(with: [Thing("b", version: "2"), Thing("c", version: "1")])
        #expect(journal.all.dropFirst(3) == ["delete a@1 list", "update b@2 list"])
        #expect(store.all().map(\.metadata.name) == ["b", "c"])
    }

    @Test func `58: an older version of the same object never replaces a newer one`() {
        store.put(Thing("a", version: "10"))
        store.put(Thing("a", version: "9"))
        store.put(Thing("a", version: "10", value: 5))

        #expect(store.get(Thing.key("a")) == Thing("a", version: "10"))
        #expect(journal.all == ["add a@10 watch"])
    }

    @Test func `58: versions that cannot be compared count in the order of their arrival`() {
        store.put(Thing("a", version: "x9"))
        store.put(Thing("a", version: "x8"))
        #expect(store.get(Thing.key("a"))?.metadata.resourceVersion == "x8")
    }

    @Test func `60, 65: a list that was made before a write does not take it back, and a later one may`() {
        let store = Store<Thing>()
        store.replace(with: [Thing("a", version: "5"), Thing("b", version: "6")], at: "9")
        #expect(store.beginList(atLeast: "9", in: nil) == "9")
        store.wrote(Thing("a", version: "12", value: 1))
        store.replace(with: [Thing("a", version: "5")], at: "10")
        #expect(store.all() == [Thing("a", version: "12", value: 1)])
        #expect(store.beginList(atLeast: "10", in: nil) == "12", "no list has shown it yet")
        store.replace(with: [Thing("a", version: "3")], at: "4")
        #expect(store.all() == [Thing("a", version: "3")], "a restored backup is the truth, though older")
        #expect(store.beginList(atLeast: "4", in: nil) == "4")
    }

    @Test func `59: a list may take everything back in time`() {
        store.put(Thing("a", version: "10"))
        store.replace(with: [Thing("a", version: "3")])
        #expect(store.get(Thing.key("a"))?.metadata.resourceVersion == "3")
    }

    @Test func `57: a successor is a deletion and an addition`() {
        store.put(Thing("a", uid: "one", version: "1"))
        store.put(Thing("a", uid: "two", version: "2"))
        #expect(journal.all == ["add a@1 watch", "delete a@1 watch", "add a@2 watch"])
    }

    @Test func `58: a late event of a predecessor changes nothing`() {
        store.put(Thing("a", uid: "two", version: "5"))
        store.put(Thing("a", uid: "one", version: "3"))
        store.remove(Thing.key("a"), uid: "one", resourceVersion: "4")

        #expect(store.get(Thing.key("a"))?.metadata.uid == "two")
    }

    @Test func `65: an answer to a write is seen at once, and never brings an object back`() {
        store.put(Thing("a", version: "1"))
        store.wrote(Thing("a", version: "2", value: 7))
        #expect(store.get(Thing.key("a"))?.value == 7)

        store.put(Thing("a", version: "1"))
        #expect(store.get(Thing.key("a"))?.value == 7, "the watch lags")

        store.remove(Thing.key("a"), uid: "u-a", resourceVersion: "4")
        store.wrote(Thing("a", version: "3"))
        #expect(store.get(Thing.key("a")) == nil)
        #expect(journal.all == ["add a@1 watch", "update a@2 write", "delete a@2 watch"])
    }

    @Test func `an observer may read and change the store, and changes keep their order`() {
        let store = Store<Thing>()
        let journal = Collected<String>()
        store.observe { change in
            journal.append("first \(change.key.name)")
            if change.key.name == "a" { store.put(Thing("b", version: "2")) }
        }
        store.observe { change in journal.append("second \(change.key.name) of \(store.count)") }

        store.put(Thing("a", version: "1"))

        #expect(journal.all == ["first a", "second a of 2", "first b", "second b of 2"])
    }

    @Test func `64: waiting ends with the first list, also an empty one`() throws {
        let time = VirtualTime()
        let store = Store<Thing>()
        let synced = try time.run {
            try await withThrowingTaskGroup(of: Duration.self) { group in
                group.addTask {
                    try await store.waitUntilSynced()
                    return time.now
                }
                try await time.sleep(for: .seconds(5))
                store.replace(with: [])
                return try await group.next()
            }
        }
        #expect(synced == .seconds(5))
        #expect(store.hasSynced)
    }

    @Test func `a store of several namespaces is synced when each was listed, and lists do not touch the others`() {
        let store = Store<Thing>(namespaces: 2)
        var other = Thing("a", version: "1")
        other.metadata.namespace = "other"

        store.replace(with: [Thing("a", version: "1")], in: "ns")
        #expect(!store.hasSynced)
        store.replace(with: [other], in: "other")
        #expect(store.hasSynced)
        #expect(store.count == 2)
        store.replace(with: [], in: "ns")
        #expect(store.all() == [other])
    }

    @Test func `64: waiting can be cancelled`() throws {
        let time = VirtualTime()
        let store = Store<Thing>()
        try time.run(for: .seconds(1)) { try await store.waitUntilSynced() }
        #expect(!store.hasSynced)
    }
}
