/// One server in `status.servers`; its name and port are the key of the list.
package struct ServerStatus: Hashable, Sendable {
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

    /// Which server and which instance of it: the same in the lines of all objects, which therefore may share it.
    package final class Place: Hashable, Sendable {
        package let name: String
        package let port: Int
        package let address: String?
        package let incarnation: String?

        fileprivate init(_ name: String, _ port: Int, _ address: String?, _ incarnation: String?) {
            (self.name, self.port, self.address, self.incarnation) = (name, port, address, incarnation)
        }

        package static func == (a: Place, b: Place) -> Bool {
            a === b
                || (a.name, a.port, a.address, a.incarnation) == (b.name, b.port, b.address, b.incarnation)
        }

        package func hash(into hasher: inout Hasher) {
            hasher.combine(name)
            hasher.combine(port)
            hasher.combine(address)
            hasher.combine(incarnation)
        }
    }

    package var place: Place
    package var state: State
    package var root: String?
    package var reason: String?
    package var message: String?
    /// RFC 3339 in whole seconds; set when the server became unreachable, then fixed.
    package var lastSeenTime: String?

    package init(name: String, port: Int, address: String? = nil, incarnation: String? = nil, state: State) {
        place = Place(name, port, address, incarnation)
        self.state = state
    }

    package var name: String { place.name }
    package var port: Int { place.port }
    package var address: String? {
        get { place.address }
        set { place = Place(name, port, newValue, incarnation) }
    }
    package var incarnation: String? {
        get { place.incarnation }
        set { place = Place(name, port, address, newValue) }
    }
}

extension ServerStatus: Codable {
    private enum CodingKeys: CodingKey {
        case name, port, address, incarnation, state, root, reason, message, lastSeenTime
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try fields.decode(String.self, forKey: .name), port: try fields.decode(Int.self, forKey: .port),
            address: try fields.decodeIfPresent(String.self, forKey: .address),
            incarnation: try fields.decodeIfPresent(String.self, forKey: .incarnation),
            state: try fields.decode(State.self, forKey: .state))
        root = try fields.decodeIfPresent(String.self, forKey: .root)
        reason = try fields.decodeIfPresent(String.self, forKey: .reason)
        message = try fields.decodeIfPresent(String.self, forKey: .message)
        lastSeenTime = try fields.decodeIfPresent(String.self, forKey: .lastSeenTime)
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(name, forKey: .name)
        try fields.encode(port, forKey: .port)
        try fields.encodeIfPresent(address, forKey: .address)
        try fields.encodeIfPresent(incarnation, forKey: .incarnation)
        try fields.encode(state, forKey: .state)
        try fields.encodeIfPresent(root, forKey: .root)
        try fields.encodeIfPresent(reason, forKey: .reason)
        try fields.encodeIfPresent(message, forKey: .message)
        try fields.encodeIfPresent(lastSeenTime, forKey: .lastSeenTime)
    }
}
