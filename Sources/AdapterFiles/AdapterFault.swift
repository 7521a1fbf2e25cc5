/// Something wrong with the files of an adapter.
package struct AdapterFault: Hashable, Sendable, Comparable {
    /// What vLLM makes of it, under the reason that a LoRAAdapter's status would carry.
    package enum Reason: String, Sendable {
        case pathNotFound = "PathNotFound"
        case invalidAdapter = "InvalidAdapter"
        case rankTooLarge = "RankTooLarge"
        case baseModelMismatch = "BaseModelMismatch"
    }

    package var reason: Reason
    /// What is wrong, and what to do about it where that is not plain.
    package var message: String

    package init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    package static func < (a: AdapterFault, b: AdapterFault) -> Bool {
        (a.reason.rawValue, a.message) < (b.reason.rawValue, b.message)
    }
}
