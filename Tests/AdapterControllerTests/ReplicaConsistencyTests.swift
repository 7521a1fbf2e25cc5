import AdapterPlanning
import Testing

@testable import AdapterController

private let some: ReplicaConsistency.Entries = ["sql": Listing.Entry(root: "/sql", parent: "llama")]
private let none: ReplicaConsistency.Entries = [:]
private let other: ReplicaConsistency.Entries = ["law": Listing.Entry(root: "/law", parent: "llama")]

@Suite struct ReplicaConsistencyTests {
    @Test func `V39: lists that come and go are those of several processes, lists that change once are not`() {
        var changing = ReplicaConsistency()
        #expect(changing.believes([none, none, none, none], before: some) == true)
        #expect(changing.believes([none, some, some, other], before: none) == true)
        var flapping = ReplicaConsistency()
        #expect(flapping.believes([none, some, none, some], before: some) == false && flapping.isInconsistent)
        var confirming = ReplicaConsistency()
        #expect(confirming.believes([some, none, some, some], before: nil) == false)
    }

    @Test func `V39: it is believed again when the lists of five probes agree`() {
        var server = ReplicaConsistency()
        _ = server.believes([none, some, none, some], before: some)
        for _ in 0..<4 { #expect(server.believes([some, some, some, some], before: some) == false) }
        #expect(server.believes([some, some, none, some], before: some) == false)
        for _ in 0..<4 { #expect(server.believes([some, some, some, some], before: some) == false) }
        #expect(server.believes([some, some, some, some], before: some) == true)
    }

    @Test func `a list is in doubt when nothing that was sent explains it`() {
        let load = ServerAction.load(
            name: "sql", path: "/sql", is3D: false, timeout: .seconds(1))
        var record = ServerRecord(since: .zero)
        func isSurprising(_ entries: ReplicaConsistency.Entries) -> Bool {
            record.isSurprising(Listing(baseModels: ["llama"], adapters: entries))
        }
        func list(_ entries: ReplicaConsistency.Entries) {
            _ = record.listed(Listing(baseModels: ["llama"], adapters: entries, stamp: record.probeStarted()))
        }
        #expect(!isSurprising(some), "the first list")
        list(none)
        #expect(isSurprising(some) && !isSurprising(none))
        record.started(load, now: .zero)
        #expect(!isSurprising(some) && !isSurprising(other), "its end may come at any time")
        _ = record.ended(load, .answered, now: .zero)
        #expect(!isSurprising(some) && isSurprising(none))
        list(none)
        #expect(!isSurprising(none), "told already")
    }

    @Test func `the version is asked for three times, the limit when there are more adapters than before`() {
        var facts = ServerFacts()
        let asked = (0..<5).map { _ in facts.asksVersion() }
        #expect(asked == [true, true, true, false, false])
        #expect(facts.asksLimit(count: 1, now: .zero) == false)
        #expect(facts.asksLimit(count: 2, now: .zero) == true)
        #expect(facts.asksLimit(count: 3, now: .seconds(299)) == false)
        #expect(facts.asksLimit(count: 3, now: .seconds(300)) == true)
        #expect(facts.asksLimit(count: 3, now: .seconds(900)) == false)
        facts.hasLimit = true
        #expect(facts.asksLimit(count: 9, now: .seconds(3000)) == false)
    }
}
