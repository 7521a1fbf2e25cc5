/// Which claims to keep, to add and to drop.
struct ClaimLedger {
    /// What status should hold.
    private(set) var claims: [Claim]
    /// A new claim does not fit in.
    let isFull: Bool
    /// Something is to be loaded or adopted, or a claim is open: the finalizer must be there.
    let needsFinalizer: Bool
    /// When a claim may become free although nothing is heard.
    var delays: [Duration] = []

    /// Decides for each claim.
    ///
    /// - Parameters:
    ///   - stored: what status holds.
    ///   - current: what the spec asks for, one claim for each port.
    ///   - isWanted: whether something is to be loaded, or kept, under them.
    ///   - mayBeHeld: whether some server may still hold what a claim covers.
    init(stored: [Claim], current: [Claim], isWanted: Bool, mayBeHeld: (Claim) -> Bool) {
        let kept = stored.filter { current.contains($0) || mayBeHeld($0) }
        let added = isWanted ? current.filter { !kept.contains($0) } : []
        isFull = !added.isEmpty && kept.count + added.count > Claim.limit
        claims = (isFull ? kept : kept + added).sorted()
        needsFinalizer = isWanted || !stored.isEmpty
    }
}

extension AdapterSituation {
    /// The claims that go with these verdicts.
    ///
    /// `former` is nil while a server is still to be asked: what it holds is not known, so no claim may go.
    func ledger(
        _ wish: AdapterWish, _ verdicts: [ServerVerdict], wanted: [Server], former: [Server]?
    ) -> ClaimLedger {
        let current = currentClaims(wish, on: wanted)
        let isWanted = !wish.isSuspended && verdicts.contains(where: \.needsClaim)
        var ledger = ClaimLedger(stored: claims, current: current, isWanted: isWanted) { claim in
            guard let former else { return true }
            // What stands on wanted servers is covered by a claim on the present Service, once there is one.
            let isSucceeded = current.contains {
                $0.name == claim.name && $0.path == claim.path && $0.port == claim.port
                    && (isWanted || claims.contains($0))
            }
            return (isSucceeded ? former : wanted + former).contains { mayHold(claim, on: $0) }
        }
        if let inheritedTime, claims.contains(where: { !current.contains($0) }) { ledger.delays.append(inheritedTime) }
        ledger.delays += (wanted + (former ?? [])).flatMap { server in
            claims.compactMap { claim in
                let attempt = observation(of: server).attempts[claim.name]
                return attempt?.path == claim.path
                    ? attempt?.lookUpTime(at: now, loadTimeout: wish.loadTimeout) : nil
            }
        }
        return ledger
    }

    /// The list of claims is full: what needs another one waits, and the claim that the fewest servers hold gives way,
    /// so that the newest spec gets its turn.
    func makeRoom(in verdicts: inout [ServerVerdict], _ wish: AdapterWish) {
        func holds(_ claim: Claim, _ verdict: ServerVerdict) -> Bool {
            guard case .listed(let listing) = observation(of: verdict.server).answer else { return false }
            return claim.port == verdict.server.id.port && listing.holds(claim)
                && !rivals.hasHeir(to: claim.name, at: claim.path, on: verdict.server.id, in: listing)
        }
        let current = currentClaims(wish, on: verdicts.map(\.server))
        let given = claims.filter { !current.contains($0) }
            .map { claim in (holders: verdicts.count { holds(claim, $0) }, claim: claim) }
            .filter { $0.holders > 0 }
            .min { $0 < $1 }?.claim
        for index in verdicts.indices {
            if verdicts[index].action?.isLoad == true { verdicts[index].waitForClaims() }
            guard let given, holds(given, verdicts[index]) else { continue }
            let unload = unload(given.name, given.path, on: verdicts[index].server)
            (verdicts[index].action, verdicts[index].wakeAfter) = (unload.action, unload.wakeAfter)
        }
    }
}

extension ServerVerdict {
    /// Whether the spec's own claim must be persisted for what happens, or stays, on this server.
    ///
    /// A load that waits for its retry needs it as well: the retry is no occasion to write a status.
    fileprivate var needsClaim: Bool { isWanted && (action?.isLoad == true || hasFailedLoad || state == .loaded) }

    fileprivate mutating func waitForClaims() {
        action = nil
        state = .loading
        reason = .unloadPending
        message = "waits until earlier names and paths are unloaded: \(Claim.limit) claims are open"
    }
}
