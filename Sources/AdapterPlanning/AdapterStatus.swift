/// `status` of a LoRAAdapter, exactly as it is written; absent values are omitted.
package struct AdapterStatus: Codable, Hashable, Sendable {
    package var observedGeneration: Int64?
    package var phase: String?
    package var ready: String?
    package var id: String?
    package var parent: String?
    package var root: String?
    package var desiredServers: Int?
    package var loadedServers: Int?
    package var unreachableServers: Int?
    package var claims: [Claim]?
    package var servers: [ServerStatus]?
    package var serversOmitted: Int?
    package var conditions: [AdapterCondition]?

    package init() {}

    /// At most so many servers are listed; the unhealthy first.
    package static let serverLimit = 32
}

/// One server in `status.servers`; its name and port are the key of the list.
package struct ServerStatus: Codable, Hashable, Sendable {
    package enum State: String, Codable, Sendable {
        case loaded = "Loaded"
        case loading = "Loading"
        case unloading = "Unloading"
        case absent = "Absent"
        case unreachable = "Unreachable"
        case unknown = "Unknown"
        case failed = "Failed"
        case conflict = "Conflict"
        case onDemand = "OnDemand"
    }

    package var name: String
    package var port: Int
    package var address: String?
    package var incarnation: String?
    package var state: State
    package var root: String?
    package var reason: String?
    package var message: String?
    /// RFC 3339 in whole seconds; set when the server became unreachable, then fixed.
    package var lastSeenTime: String?

    package init(name: String, port: Int, state: State) {
        self.name = name
        self.port = port
        self.state = state
    }
}

extension [ServerStatus] {
    /// The line of that key.
    func line(_ name: String, _ port: Int) -> ServerStatus? { first { $0.name == name && $0.port == port } }
}

/// A metav1.Condition.
package struct AdapterCondition: Codable, Hashable, Sendable {
    /// The types that this operator writes.
    package static let types: Set = ["Ready", "Unreachable", "Reconciling", "Stalled"]

    package enum Status: String, Codable, Sendable { case yes = "True", no = "False", unknown = "Unknown" }

    package var type: String
    package var status: Status
    package var observedGeneration: Int64?
    package var lastTransitionTime: String
    package var reason: String
    package var message: String
}

extension AdapterCondition {
    /// What follows on the conditions that are stored: while the status is the same, so is the time of its transition.
    init(
        _ type: String, _ status: Status, _ reason: Reason, _ message: String, after stored: [AdapterCondition],
        at timestamp: String, generation: Int64? = nil
    ) {
        let before = stored[type].flatMap { $0.status == status ? $0.lastTransitionTime : nil }
        self.init(
            type: type, status: status, observedGeneration: generation, lastTransitionTime: before ?? timestamp,
            reason: reason.rawValue, message: message)
    }
}

extension [AdapterCondition] {
    package subscript(type: String) -> AdapterCondition? { first { $0.type == type } }
}
