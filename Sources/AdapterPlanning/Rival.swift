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
    package var isDeleting: Bool
    package var isSuspended: Bool
    /// The servers on which it wants `loraName`.
    package var servers: Set<ServerID>
    package var claims: [Claim]

    package init(
        seniority: Seniority, name: String?, loraName: String, path: String, isDeleting: Bool = false,
        isSuspended: Bool = false, servers: Set<ServerID>, claims: [Claim] = []
    ) {
        self.seniority = seniority
        self.name = name
        self.loraName = loraName
        self.path = path
        self.isDeleting = isDeleting
        self.isSuspended = isSuspended
        self.servers = servers
        self.claims = claims
    }
}

extension [Rival] {
    /// The oldest other object that wants `loraName` on `server`.
    func oldest(wanting loraName: String, on server: ServerID) -> Rival? {
        filter { $0.loraName == loraName && $0.servers.contains(server) }.min { $0.seniority < $1.seniority }
    }

    /// Whether an object that stays will see to an entry of that name and path on `server`, so that it must not be
    /// unloaded: it takes the entry over, or claims it and replaces it as its roll-out goes.
    func hasHeir(to loraName: String, at path: String, on server: ServerID) -> Bool {
        guard let oldest = filter({ !$0.isDeleting }).oldest(wanting: loraName, on: server) else { return false }
        // While suspended an object adopts nothing.
        return oldest.claims.cover(loraName, path) || (oldest.path == path && !oldest.isSuspended)
    }

    /// Whether an object that can load now wants `loraName` on `server`.
    func isAwaited(_ loraName: String, on server: ServerID) -> Bool {
        filter { !$0.isDeleting && !$0.isSuspended }.oldest(wanting: loraName, on: server) != nil
    }
}
