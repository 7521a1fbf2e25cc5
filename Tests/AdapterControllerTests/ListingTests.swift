import AdapterPlanning
import Testing
import VLLMAPI

@testable import AdapterController

@Suite struct ListingTests {
    private static let base = ModelCard(id: "llama", root: "org/llama", maxModelLen: 4096)

    /// One answer after another: adapters by name and path.
    private static let answers: [[String: String]] = [
        [:], ["a": "/a", "b": "/b"], ["a": "/a", "b": "/b"], ["a": "/a", "b": "/new"],
        ["a": "/a", "a long name of an adapter": "/b"], ["c": "/a"], [:],
    ]

    private func models(_ adapters: [String: String]) -> ModelList {
        ModelList(
            baseModels: [Self.base],
            adapters: adapters.sorted { $0.key < $1.key }.map { ModelCard(id: $0.key, root: $0.value, parent: "llama") }
        )
    }

    @Test func `a listing says what the server said, whatever it listed before`() {
        var before: Listing?
        for (stamp, answer) in Self.answers.enumerated() {
            let listing = Listing(models(answer), after: before, stamp: stamp, requestedAt: .seconds(stamp))
            #expect(listing.adapters == answer.mapValues { Listing.Entry(root: $0, parent: "llama") })
            #expect(listing.models == [Listing.Model(id: "llama", root: "org/llama", maxModelLen: 4096)])
            #expect(listing.stamp == stamp && listing.requestedAt == .seconds(stamp))
            before = listing
        }
    }

    @Test func `two listings differ in what only one has and in what has another path`() {
        let listings = Self.answers.map { Listing(models($0), stamp: 0) }
        #expect(listings[1].differences(from: listings[2]) == [])
        #expect(listings[1].differences(from: listings[3]) == ["b"])
        #expect(listings[3].differences(from: listings[5]) == ["a", "b", "c"])
        #expect(listings[5].differences(from: listings[6]) == ["c"])
    }
}
