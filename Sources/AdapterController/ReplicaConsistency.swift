import AdapterPlanning

/// Tells a server that answers from several processes, each with adapters of its own, from one whose adapters change.
///
/// vLLM before 0.11.1 let `--api-server-count` be combined with runtime updates. A list that nothing explains is asked
/// for again: a change stays, while answers of several processes come and go.
struct ReplicaConsistency {
    /// Lists asked for in a row when one is in doubt.
    static let questions = 3
    /// Probes whose lists must all agree before such a server is believed again.
    static let probes = 5

    typealias Entries = [String: Listing.Entry]

    private(set) var isInconsistent = false
    private var last: Entries = [:]
    private var agreed = 0

    /// Takes the lists of one probe, the oldest first, and says whether they can be believed.
    ///
    /// `before` is what was listed earlier; nil where nothing was.
    mutating func believes(_ lists: [Entries], before: Entries?) -> Bool {
        guard isInconsistent else {
            isInconsistent = Self.returns((before.map { [$0] } ?? []) + lists)
            (last, agreed) = (lists.last ?? [:], 0)
            return !isInconsistent
        }
        agreed = lists.allSatisfy { $0 == last } ? agreed + 1 : 0
        last = lists.last ?? [:]
        isInconsistent = agreed < Self.probes
        return !isInconsistent
    }

    /// Whether one of the lists is as an earlier one was, with another in between.
    private static func returns(_ lists: [Entries]) -> Bool {
        var distinct: [Entries] = []
        for list in lists where list != distinct.last {
            if distinct.contains(list) { return true }
            distinct.append(list)
        }
        return false
    }
}

extension ServerRecord {
    /// Whether a list shows what neither the one before nor anything that was sent since explains.
    ///
    /// False while something is under way, whose end could come between two lists.
    func isSurprising(_ listing: Listing) -> Bool {
        guard let before = observation.lastListing, isAtRest else { return false }
        let changed = before.differences(from: listing)
        return changed.union(observation.attempts.keys).contains { name in
            // Only the first list after it is the one that an attempt explains.
            guard let attempt = observation.attempts[name], attempt.outcome == .answered, attempt.stamp > before.stamp
            else {
                return changed.contains(name)
            }
            return (listing.adapters[name]?.root == attempt.path) != (attempt.operation == .load)
        }
    }

    /// Nothing was sent whose end is not known.
    private var isAtRest: Bool {
        observation.attempts.values.allSatisfy { $0.outcome != .inFlight && $0.outcome != .unknown }
    }
}
