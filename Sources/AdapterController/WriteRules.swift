import AdapterPlanning
import KubeAPI

// What a write of the reconciler is, and what its failure means.

extension APIError {
    var isInvalid: Bool {
        if case .invalid = self { true } else { false }
    }

    /// The server refuses what the request says, whoever asks and whenever.
    var isFinal: Bool {
        switch self {
        case .invalid, .rejected, .unsendable: true
        default: false
        }
    }
}

extension AdapterPlan {
    /// Whether it acts under the finalizer, the claims and the lines that are stored already.
    func isRepair(of stored: AdapterStatus) -> Bool {
        guard finalizer == .keep else { return false }
        return status.map { $0.claims == stored.claims && $0.listsPlaces(of: stored) } ?? true
    }

    /// Whether its status drops claims that are stored.
    func givesUpClaims(of stored: AdapterStatus) -> Bool {
        guard let status else { return false }
        return !Set(stored.claims ?? []).isSubset(of: status.claims ?? [])
    }
}

extension AdapterStatus {
    /// Whether the servers that both list are the same, at the same addresses, whatever is said of them.
    fileprivate func listsPlaces(of other: AdapterStatus) -> Bool {
        (servers ?? []).elementsEqual(other.servers ?? []) {
            $0.name == $1.name && $0.port == $1.port && $0.address == $1.address
        }
    }
}

extension [AdapterCondition] {
    /// What programs wait for.
    var verdicts: [String] { map { "\($0.type) \($0.status.rawValue)" } }
}
