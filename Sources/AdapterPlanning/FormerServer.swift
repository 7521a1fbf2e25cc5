/// The verdict on a server that should hold nothing of this object: it is no longer wanted, or the object is deleted.
struct FormerServer {
    var situation: AdapterSituation
    var server: Server
    /// False while other servers must first be verified.
    var mayUnload: Bool
    /// How long a load may take; see ``AdapterWish/loadTimeout``.
    var loadTimeout: Duration

    /// Nil where the server cannot hold a claim any more.
    func verdict() -> ServerVerdict? {
        let observation = situation.observation(of: server)
        // A terminating pod gets one attempt and holds nobody up.
        if server.isTerminating, observation.attempts.values.contains(where: { $0.operation == .unload }) { return nil }
        let held = situation.claims.filter { situation.mayHold($0, on: server, loadTimeout: loadTimeout) }
        guard let claim = held.min() else { return nil }

        switch observation.answer {
        case .awaiting: return waiting("the outcome of a request is open")
        case .pending: return waiting("not asked yet")
        case .blind(let reason, let message):
            return server.isTerminating ? nil : .blind(server, isWanted: false, reason, message)
        case .listed(let listing):
            guard let entry = held.first(where: { listing.adapters[$0.name]?.root == $0.path }) else {
                return waiting("the outcome of a request for \"\(claim.name)\" is open")
            }
            return unload(entry, observation.attempts[entry.name], listing)
        }
    }

    private func unload(_ claim: Claim, _ attempt: Attempt?, _ listing: Listing) -> ServerVerdict {
        var verdict = waiting(mayUnload ? "" : "unloaded when the other servers hold the adapter")
        verdict.root = claim.path
        if let attempt, attempt.isOpen(before: listing, at: situation.now, loadTimeout: loadTimeout) { return verdict }
        guard mayUnload else { return verdict }
        verdict.action = .unload(name: claim.name, path: claim.path)
        verdict.holdBack(attempt, at: situation.now)
        return verdict
    }

    private func waiting(_ message: String) -> ServerVerdict {
        ServerVerdict(server: server, isWanted: false, state: .unloading, reason: .unloadPending, message: message)
    }
}

extension ServerVerdict {
    /// Takes the unload back while the last attempt at it failed and its retry is not due yet.
    mutating func holdBack(_ attempt: Attempt?, at now: Duration) {
        guard let attempt, attempt.operation == .unload else { return }
        switch attempt.outcome {
        case .failed(let failure):
            reason = .unloadFailed
            message = failure.message
        case .answered, .unknown, .inFlight:
            reason = .unloadFailed
            message = "the adapter is still listed after its unload"
        }
        let dueAt = attempt.endedAt + RetryDelay.after(count: attempt.count)
        if now < dueAt {
            action = nil
            wakeAfter = dueAt - now
        }
    }
}
