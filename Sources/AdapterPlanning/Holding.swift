extension AdapterSituation {
    /// Whether `server` may still hold what `claim` covers, as far as anybody can know.
    func mayHold(_ claim: Claim, on server: Server) -> Bool {
        guard claim.port == server.id.port else { return false }
        let observation = observation(of: server)
        if isTakenOver(claim, on: server) { return false }
        if observation.isOpen(claim, loadTimeout: loadTimeout) { return true }
        if case .awaiting = observation.answer {} else if mayInherit(claim, on: server) { return true }
        switch observation.answer {
        case .pending: return true
        case .awaiting: return false
        case .blind:
            // What the last list of this incarnation did not show, and nobody sent since, is not there.
            guard let listing = observation.lastListing else { return mayEverHold(server) }
            return listing.holds(claim)
        case .listed(let listing): return listing.holds(claim)
        }
    }

    /// Whether something may have been put on a server that gave this process no valid list.
    ///
    /// Where the object still wants it, nobody assumes anything. Elsewhere a line tells: nothing is loaded without a list,
    /// nor where no line leads to. Of what was stored with other lines, nobody knows.
    private func mayEverHold(_ server: Server) -> Bool {
        target.servers.contains { $0.id == server.id } || stored.claims == nil || stored.omits(server)
            || hasBeenListed(server)
    }

    /// Whether a line says that the server gave a valid list before, to this process or an earlier one: of this container,
    /// or of one before it, for no repair waits until the new one is told of.
    func hasBeenListed(_ server: Server) -> Bool {
        stored.lists(server) && stored.line(of: server)?.hasListed == true || inherited?.mayHaveListed(server) == true
    }

    /// Whether what `claim` covers is there, and another object sees to it: whoever loaded it, and whatever may still come.
    private func isTakenOver(_ claim: Claim, on server: Server) -> Bool {
        guard case .listed(let listing) = observation(of: server).answer, listing.holds(claim) else { return false }
        return !keepsName(claim.name, on: server)
            && rivals.hasOwner(of: claim.name, at: claim.path, on: server.id)
    }

    /// Whether what `claim` covers, and `listing` shows, is left to another object, which has yet to claim it.
    func isLeftToHeir(_ claim: Claim, on server: Server, in listing: Listing) -> Bool {
        listing.holds(claim) && !keepsName(claim.name, on: server)
            && rivals.hasHeir(to: claim.name, at: claim.path, on: server.id, in: listing)
    }

    /// Whether a load of a process before this one may still bring what `claim` covers.
    ///
    /// A deletion does not wait for it: there a list that lacks the name is enough.
    private func mayInherit(_ claim: Claim, on server: Server) -> Bool {
        guard deletion == nil, let inherited, inheritedTime != nil else { return false }
        return inherited.mayConcern(claim, on: server)
    }

    /// How long loads of a process before this one are still looked up; nil once they have ended, or where there are none.
    var inheritedTime: Duration? { inherited?.lookUpTime(at: now, loadTimeout: loadTimeout) }

    /// Whether this object wants the name on the server itself and wins it, so that nobody takes its entries over.
    private func keepsName(_ name: String, on server: Server) -> Bool {
        guard deletion == nil, case .success(let wish) = wish, wish.name == name, wish.replicas == nil,
            target.servers.contains(where: { $0.id == server.id })
        else { return false }
        return rivals.oldest(wanting: name, on: server.id).map { seniority < $0.seniority } ?? true
    }
}

extension ServerObservation {
    /// Whether anything says that one of the claims may be held here, or nothing says that none is.
    package func mayHold(anyOf claims: [Claim], loadTimeout: Duration) -> Bool {
        guard let listing = newestListing else { return answer != .awaiting }
        return claims.contains { listing.holds($0) || isOpen($0, loadTimeout: loadTimeout) }
    }

    /// Whether something was sent for `claim` of which no list tells the last word yet.
    func isOpen(_ claim: Claim, loadTimeout: Duration) -> Bool {
        guard let attempt = attempts[claim.name], attempt.path == claim.path else { return false }
        return attempt.isOpen(before: newestListing, loadTimeout: loadTimeout)
    }

    /// The last valid list, whether or not the server answers now.
    var newestListing: Listing? {
        if case .listed(let listing) = answer { return listing }
        return lastListing
    }
}

extension Listing {
    /// Whether it shows what `claim` covers.
    func holds(_ claim: Claim) -> Bool { adapters[claim.name]?.root == claim.path }
}
