/// Another object that wants, or still claims, a name on a server that this object cares about.
package struct Rival: Hashable, Sendable {
    /// Who wins a name: the oldest object, then the smallest UID.
    package struct Seniority: Hashable, Sendable, Comparable {
        package var createdAt: String
        package var uid: String

        package init(createdAt: String, uid: String) {
            self.createdAt = createdAt
            self.uid = uid
        }

        package static func < (a: Seniority, b: Seniority) -> Bool { (a.createdAt, a.uid) < (b.createdAt, b.uid) }
    }

    package var seniority: Seniority
    /// How to name it in a message; nil where it lives in another namespace and is not to be told.
    package var name: String?
    package var loraName: String
    package var path: String
    /// The base model that it wants servers to have; nil where any will do.
    package var baseModel: String?
    package var isDeleting: Bool
    package var isSuspended: Bool
    /// The servers on which it wants `loraName`.
    package var servers: Set<ServerID>
    package var claims: [Claim]
    /// What it knows of servers: whoever asks with another key has other lists, and may know less for a while.
    package var observations: [ServerID: ServerObservation]

    package init(
        seniority: Seniority, name: String?, loraName: String, path: String, baseModel: String? = nil,
        isDeleting: Bool = false, isSuspended: Bool = false, servers: Set<ServerID>, claims: [Claim] = [],
        observations: [ServerID: ServerObservation] = [:]
    ) {
        self.seniority = seniority
        self.name = name
        self.loraName = loraName
        self.path = path
        self.baseModel = baseModel
        self.isDeleting = isDeleting
        self.isSuspended = isSuspended
        self.servers = servers
        self.claims = claims
        self.observations = observations
    }
}

extension [Rival] {
    /// The oldest other object that wants `loraName` on `server`.
    func oldest(wanting loraName: String, on server: ServerID) -> Rival? {
        filter { $0.loraName == loraName && $0.servers.contains(server) }.min { $0.seniority < $1.seniority }
    }

    /// Whether an object that stays sees to an entry of that name and path on `server`, which `listing` shows, so that it
    /// must not be unloaded: it claims the entry, or is about to.
    func hasHeir(to loraName: String, at path: String, on server: ServerID, in listing: Listing) -> Bool {
        guard let heir = heir(to: loraName, on: server) else { return false }
        if heir.claims.cover(loraName, path) { return true }
        // While suspended an object adopts nothing.
        return heir.path == path && !heir.isSuspended && heir.baseModel.map(listing.baseModels.contains) ?? true
    }

    /// Whether it has done so: only a claim outlives the next change of its spec, and an object that is deleted unloads
    /// what it knows of.
    func hasOwner(of loraName: String, at path: String, on server: ServerID) -> Bool {
        guard let heir = heir(to: loraName, on: server) else { return false }
        let entry = heir.observations[server]?.newestListing?.adapters[loraName]
        return heir.claims.cover(loraName, path) && entry?.root == path
    }

    private func heir(to loraName: String, on server: ServerID) -> Rival? {
        filter { !$0.isDeleting }.oldest(wanting: loraName, on: server)
    }

    /// Whether an object that can load now wants `loraName` on `server`.
    func isAwaited(_ loraName: String, on server: ServerID) -> Bool {
        filter { !$0.isDeleting && !$0.isSuspended }.oldest(wanting: loraName, on: server) != nil
    }
}
