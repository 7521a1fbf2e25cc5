extension AdapterSituation {
    /// Unloads what the object may have put anywhere, then lets it go.
    func planDeletion(_ deletion: DeletionRequest) -> AdapterPlan {
        var plan = AdapterPlan()
        guard hasFinalizer else { return plan }
        guard !claims.isEmpty, deletion.policy == .unload else {
            plan.finalizer = .remove
            return plan
        }
        let wish = try? wish.get()
        var targets: [Server] = []
        if case .servers(let servers) = target { targets = servers }
        let holders = (targets + others).sorted(by: Server.byName).compactMap { server in
            FormerServer(
                situation: self, server: server, mayUnload: true, loadTimeout: wish?.loadTimeout ?? .seconds(300)
            ).verdict()
        }
        plan.take(holders)
        if holders.isEmpty {
            plan.finalizer = .remove
            return plan
        }
        if deletion.age >= deletion.timeout {
            if holders.allSatisfy({ hasFailed($0) }) {
                plan.actions = [:]
                plan.finalizer = .remove
                plan.abandoned = holders.map(\.server.name)
                return plan
            }
        } else {
            plan.wake(after: deletion.timeout - deletion.age)
        }
        guard !holders.contains(where: { observation(of: $0.server).answer == .pending }) else { return plan }
        plan.status = StatusReport(situation: self, wish: wish).terminating(holders)
        return plan
    }

    /// Whether this process has tried to clean the server up and could not.
    private func hasFailed(_ holder: ServerVerdict) -> Bool {
        let observation = observation(of: holder.server)
        if case .blind = observation.answer { return true }
        return observation.attempts.contains { name, attempt in
            guard claims.contains(where: { $0.name == name }) else { return false }
            switch attempt.outcome {
            case .failed, .unknown: return true
            case .answered: return attempt.operation == .unload
            case .inFlight: return attempt.count > 1
            }
        }
    }
}
