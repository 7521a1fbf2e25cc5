/// What an earlier process may have sent for an object right before it died: a load goes on without its client, and what it
/// brings is the object's own, whatever the lists said in between.
package struct InheritedLoads: Hashable, Sendable {
    /// The claims that were stored when this process first looked at the object.
    package var claims: [Claim]
    /// The lines of then.
    package var lines: [ServerStatus]
    /// There were more servers than lines.
    package var hasMore: Bool
    /// When this process first looked (`TimeSource.now`).
    package var since: Duration

    package init(_ status: AdapterStatus, since: Duration) {
        claims = status.claims ?? []
        lines = status.servers ?? []
        hasMore = (status.serversOmitted ?? 0) > 0
        self.since = since
    }

    /// When the last of them has ended; what is not listed then is not expected any more.
    private func end(loadTimeout: Duration) -> Duration { since + loadTimeout * 2 }

    /// How long they are still looked up; nil once they have ended.
    func lookUpTime(at now: Duration, loadTimeout: Duration) -> Duration? {
        let end = end(loadTimeout: loadTimeout)
        return end > now ? end - now : nil
    }

    /// Whether the server may have given an earlier process a valid list.
    func mayHaveListed(_ server: Server) -> Bool {
        lines.line(server.name, server.id.port).map { $0.hasListed && $0.address == server.address } ?? hasMore
    }

    /// Whether one of them may have been for `claim` on `server`.
    func mayConcern(_ claim: Claim, on server: Server) -> Bool {
        guard claims.contains(claim), claim.port == server.id.port else { return false }
        guard let line = lines.line(server.name, server.id.port) else { return hasMore }
        guard line.incarnation == server.incarnation else { return false }
        switch line.state {
        // Told while nothing was under way there.
        case .loaded, .onDemand, .absent, .unloading: return false
        case .loading, .failed, .conflict, .unreachable, .unknown: return true
        }
    }
}
