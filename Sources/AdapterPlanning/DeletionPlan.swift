extension AdapterSituation {
    /// Unloads what the object may have put anywhere, then lets it go.
    func planDeletion(_ deletion: DeletionRequest) -> AdapterPlan {
        var plan = AdapterPlan()
        guard hasFinalizer else { return plan }
        guard !claims.isEmpty, deletion.policy == .unload else {
            plan.finalizer = .remove
            return plan
        }
        let holders = (target.servers + others).sorted(by: Server.byName).compactMap { server in
            FormerServer(situation: self, server: server, mayUnload: true).verdict()
        }
        plan.take(holders)
        if holders.isEmpty {
            plan.finalizer = .remove
            return plan
        }
        if deletion.age >= deletion.timeout {
            let heirTime = deletion.timeout + Self.heirPatience - deletion.age
            if holders.allSatisfy({ hasFailed($0, heirTime: heirTime) }) {
                plan.actions = [:]
                plan.finalizer = .remove
                plan.abandoned = holders.map(\.server.name)
                return plan
            }
            if heirTime > .zero { plan.wake(after: heirTime) }
        } else {
            plan.wake(after: deletion.timeout - deletion.age)
        }
        guard !holders.contains(where: { observation(of: $0.server).answer == .pending }) else { return plan }
        plan.status = StatusReport(situation: self, wish: try? wish.get()).terminating(holders)
        return plan
    }

    /// How long, after the deletion's timeout, an heir may take to claim what is left to it.
    private static let heirPatience = Duration.seconds(60)

    /// Whether this process has tried to clean the server up and could not.
    ///
    /// `heirTime` is what is left of the time that heirs have.
    private func hasFailed(_ holder: ServerVerdict, heirTime: Duration) -> Bool {
        let observation = observation(of: holder.server)
        if case .blind = observation.answer { return true }
        let listing = observation.newestListing
        return claims.contains { claim in
            // An heir that has not claimed it for so long may never be able to.
            if let listing, isLeftToHeir(claim, on: holder.server, in: listing) { return heirTime <= .zero }
            guard let attempt = observation.attempts[claim.name] else { return false }
            switch (attempt.operation, attempt.outcome) {
            case (.unload, .failed): return true
            // A retry, so the one before has failed.
            case (.unload, .inFlight): return attempt.count > 1
            // Only a list that was asked for afterwards tells.
            case (.unload, .answered), (.unload, .unknown): return (listing?.stamp ?? 0) > attempt.stamp
            // Nobody can tell what it will put there, and when.
            case (.load, .unknown): return true
            case (.load, _): return false
            }
        }
    }
}
