/// Why a server should keep an adapter, the best reason first.
package enum Slot: Int, Comparable, Sendable {
    /// It holds a claim; or it had a slot and cannot be observed.
    case held
    /// It was chosen before, and holds nothing yet or any more: it is loading, or has restarted.
    case chosen
    case none

    package static func < (a: Slot, b: Slot) -> Bool { a.rawValue < b.rawValue }
}

/// Which servers should hold an adapter that asks for fewer than all.
package enum Placement {
    /// The `replicas` servers for the object `uid`, from those of its target.
    ///
    /// Servers in `keeping` come first, so that a server that joins moves nothing. The rest follow by rendezvous hash,
    /// so that each object spreads in its own way and a server that leaves moves only what it held.
    package static func choose(
        _ replicas: Int?, of servers: [Server], for uid: String, keeping: [ServerID: Slot]
    ) -> [Server] {
        guard let replicas, replicas < servers.count else { return servers }
        // By their places: a server is large to move about.
        let ranked = servers.indices.map { place in
            let id = servers[place].id
            return (slot: keeping[id] ?? .none, weight: weight(of: id, for: uid), place: place)
        }
        .sorted { a, b in
            if a.slot != b.slot { return a.slot < b.slot }
            return a.weight != b.weight ? a.weight > b.weight : servers[a.place].id < servers[b.place].id
        }
        return ranked.prefix(replicas).map { servers[$0.place] }
    }

    /// A hash over "uid/server", mixed at the end, since those of texts that differ in the last digit are close.
    package static func weight(of server: ServerID, for uid: String) -> UInt64 {
        var hash = StableHash.of("\(uid)/\(server.owner):\(server.port)")
        hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
        hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        return hash ^ (hash >> 33)
    }
}

extension AdapterStatus {
    /// The servers that have a slot.
    package func slots(among servers: [Server], _ observations: [ServerID: ServerObservation]) -> [ServerID: Slot] {
        let claims = claims ?? []
        // Asked by claim, since a server may list thousands.
        func holds(_ listing: Listing) -> Bool { claims.contains(where: listing.holds) }
        var slots: [ServerID: Slot] = [:]
        for server in servers {
            let observation = observations[server.id] ?? ServerObservation()
            let wasChosen = line(of: server).map { $0.state != .unloading } ?? false
            if case .listed(let listing) = observation.answer {
                slots[server.id] = holds(listing) ? .held : wasChosen ? .chosen : nil
            } else if wasChosen || observation.lastListing.map(holds) == true {
                slots[server.id] = .held
            }
        }
        return slots
    }

    /// Whether the server can be found again by its line.
    func lists(_ server: Server) -> Bool { line(of: server)?.address == server.address }

    /// Whether there is no room for the server's line.
    func omits(_ server: Server) -> Bool { line(of: server) == nil && (servers ?? []).count >= Self.serverLimit }

    /// The server's line.
    package func line(of server: Server) -> ServerStatus? { servers?.line(server.name, server.id.port) }
}
