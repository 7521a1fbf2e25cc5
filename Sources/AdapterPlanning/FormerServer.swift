/// The verdict on a server that should hold nothing of this object: it is no longer wanted, or the object is deleted.
struct FormerServer {
    var situation: AdapterSituation
    var server: Server
    /// False while other servers must first be verified.
    var mayUnload: Bool
    /// They may never be: what another object waits for here is given up, or the two would wait for each other.
    var isStuck = false
    /// There are none: so it is with what an earlier Service left; the present one may have endpoints again soon.
    var isAlone = false

    private static let heirInterval = Duration.seconds(10)

    /// Nil where the server cannot hold a claim any more.
    func verdict() -> ServerVerdict? {
        let observation = situation.observation(of: server)
        // A terminating pod gets one attempt and holds nobody up.
        if server.isTerminating,
            situation.claims.contains(where: { observation.attempts[$0.name]?.operation == .unload })
        {
            return nil
        }
        let held = situation.claims.filter { situation.mayHold($0, on: server) }
        guard let claim = held.min() else { return nil }

        switch observation.answer {
        case .pending: return waiting("not asked yet")
        case .awaiting: return open(claim, observation)
        case .blind(let reason, let message): return server.isTerminating ? nil : blind(reason, message, held)
        case .listed(let listing):
            let entries = held.filter(listing.holds)
            if entries.isEmpty { return open(claim, observation) }
            let own = entries.filter { !situation.isLeftToHeir($0, on: server, in: listing) }
            // What may not be unloaded yet does not hold up what another object waits for.
            let awaited = own.first { situation.rivals.isAwaited($0.name, on: server.id) }
            guard let entry = awaited ?? own.first else {
                var verdict = waiting("another LoRAAdapter is about to take it over")
                // That it has seen the entry is not always told by its status.
                verdict.wakeAfter = Self.heirInterval
                return verdict
            }
            return listed(entry)
        }
    }

    private func listed(_ claim: Claim) -> ServerVerdict {
        let givesWay = isStuck || isAlone && claim.service != situation.service
        let mayUnload = mayUnload || givesWay && situation.rivals.isAwaited(claim.name, on: server.id)
        var verdict = waiting(mayUnload ? "" : "unloaded when the other servers hold the adapter")
        verdict.root = claim.path
        guard mayUnload else { return verdict }
        verdict.take(situation.unload(claim.name, claim.path, on: server))
        return verdict
    }

    /// Something was sent for the claim, and whether it worked cannot be told yet.
    private func open(_ claim: Claim, _ observation: ServerObservation) -> ServerVerdict {
        var verdict = waiting("the outcome of a request for \"\(claim.name)\" is open")
        let attempt = observation.attempts[claim.name]
        verdict.wakeAfter =
            attempt?.lookUpTime(at: situation.now, loadTimeout: situation.loadTimeout) ?? situation.inheritedTime
        return verdict
    }

    /// Offline is not clean.
    ///
    /// It stays `Unloading`, so that nobody takes it for a server that is still wanted; only where the whole object
    /// goes is there nothing to confuse it with.
    private func blind(_ reason: Reason, _ message: String, _ held: [Claim]) -> ServerVerdict {
        var verdict = ServerVerdict.blind(server, isWanted: false, reason, message)
        if situation.deletion == nil { verdict.state = .unloading }
        let listing = situation.observation(of: server).lastListing
        // Until then an earlier process may have sent something here.
        if listing == nil { verdict.wakeAfter = situation.inheritedTime }
        verdict.root = held.first { listing?.holds($0) == true }?.path
        return verdict
    }

    private func waiting(_ message: String) -> ServerVerdict {
        ServerVerdict(server: server, isWanted: false, state: .unloading, reason: .unloadPending, message: message)
    }
}
