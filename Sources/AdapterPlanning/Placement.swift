/// Which servers should hold an adapter that asks for fewer than all.
package enum Placement {
    /// The `replicas` servers for the object `uid`, from those of its target.
    ///
    /// Servers in `keeping` come first: they hold a claim, or cannot be observed and had a slot, so that a server that
    /// joins moves nothing. The rest follow by rendezvous hash, so that each object spreads in its own way and a server
    /// that leaves moves only what it held.
    package static func choose(
        _ replicas: Int?, of servers: [Server], for uid: String, keeping: Set<ServerID>
    ) -> [Server] {
        guard let replicas, replicas < servers.count else { return servers }
        let ranked = servers.map { server in
            (keeps: keeping.contains(server.id), weight: weight(of: server.id, for: uid), server: server)
        }
        .sorted { a, b in
            if a.keeps != b.keeps { return a.keeps }
            return a.weight != b.weight ? a.weight > b.weight : a.server.id < b.server.id
        }
        return ranked.prefix(replicas).map(\.server)
    }

    /// FNV-1a over "uid/server", mixed at the end: the same in every process, unlike Swift's `Hasher`.
    static func weight(of server: ServerID, for uid: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in "\(uid)/\(server.owner):\(server.port)".utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
        hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        return hash ^ (hash >> 33)
    }
}

extension AdapterStatus {
    /// The servers that keep their slot: those that hold a claim, and those that had one and cannot be observed.
    package func slots(among servers: [Server], _ observations: [ServerID: ServerObservation]) -> Set<ServerID> {
        let claims = claims ?? []
        return Set(
            servers.filter { server in
                switch observations[server.id]?.answer ?? .pending {
                case .listed(let listing): listing.adapters.contains { claims.cover($0.key, $0.value.root) }
                case .pending, .awaiting, .blind: line(of: server).map { $0.state != .unloading } ?? false
                }
            }.map(\.id))
    }

    /// The server's line.
    func line(of server: Server) -> ServerStatus? {
        servers?.first { $0.name == server.name && $0.port == server.id.port }
    }
}
