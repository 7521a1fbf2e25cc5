extension AdapterSituation {
    /// What to do now and what to say: the same answer for the same situation, whatever led there.
    package func plan() -> AdapterPlan {
        if let deletion { return planDeletion(deletion) }
        switch (wish, target) {
        case (.failure(let problem), _):
            // There is nothing to act on: what is held is kept, and the reason is reported.
            var plan = AdapterPlan()
            plan.status = StatusReport(situation: self).invalid(problem, keptServers(), claims: claims)
            return plan
        case (.success(let wish), .unusable(let reason, let message)):
            return plan(wish, on: [], trouble: SpecProblem(reason: reason, message: message))
        case (.success(let wish), .servers(let servers)): return plan(wish, on: servers)
        }
    }

    /// The plan of an object that is to live; `trouble` says why there are no servers.
    private func plan(_ wish: AdapterWish, on servers: [Server], trouble: SpecProblem? = nil) -> AdapterPlan {
        let wanted = Placement.choose(
            wish.replicas, of: servers, for: seniority.uid, keeping: stored.slots(among: servers, observations)
        ).sorted(by: Server.byName)
        let wantedIDs = Set(wanted.map(\.id))
        let former = (servers + others).filter { !wantedIDs.contains($0.id) && !$0.isTerminating }
            .sorted(by: Server.byName)
        let isSettled = (wanted + former).allSatisfy { observation(of: $0).answer != .pending }

        var verdicts = wanted.compactMap { WantedServer(situation: self, wish: wish, server: $0).verdict() }
        for index in verdicts.indices { verdicts[index].hold(for: files) }
        verdicts.limitReplacements(of: wanted.count, to: wish.maxUnavailable)
        // Which servers have a slot already is known when all have answered.
        if !isSettled, wanted.count < servers.count { verdicts.takeBackLoads() }
        let mayLetGo = isSettled && !wish.isSuspended
        let mayUnload = mayLetGo && !verdicts.isEmpty && verdicts.allSatisfy { $0.reasonClass == .ok }

        let ledger = ledger(wish, verdicts, wanted: wanted, former: isSettled ? former : nil)
        let makesRoom = ledger.isFull && !wish.isSuspended
        if makesRoom { makeRoom(in: &verdicts, wish) }
        for index in verdicts.indices where !wish.isSuspended && !makesRoom {
            unloadOldName(&verdicts[index], wish)
        }
        let isStuck = mayLetGo && verdicts.contains(where: \.isStuck)
        let isAlone = mayLetGo && verdicts.isEmpty
        verdicts += former.compactMap {
            FormerServer(
                situation: self, server: $0, mayUnload: mayUnload || makesRoom, isStuck: isStuck, isAlone: isAlone
            ).verdict()
        }

        var plan = AdapterPlan()
        let status = status(wish, verdicts, ledger.claims, wanted: wanted.count, trouble, isSettled: isSettled)
        let isPersisted = hasFinalizer && Set(ledger.claims).isSubset(of: stored.claims ?? [])
        plan.take(
            verdicts.map { verdict in
                // Where the Service goes, its line is all that leads to the server again.
                let isListed = stored.lists(verdict.server) || (status ?? stored).omits(verdict.server)
                return isPersisted && isListed ? verdict : verdict.withoutLoad
            })
        if ledger.needsFinalizer, !hasFinalizer {
            plan.finalizer = .add
            return plan
        }
        for delay in ledger.delays { plan.wake(after: delay) }
        plan.status = status
        if isSettled { plan.warnings = Warnings(situation: self).of(verdicts.filter(\.isWanted)) }
        plan.news = adoption(wish, verdicts, ledger.claims)
        return plan
    }

    /// Tells of entries with the wanted name and path that nobody claims, and that become the object's own with its claim.
    private func adoption(_ wish: AdapterWish, _ verdicts: [ServerVerdict], _ claims: [Claim]) -> [StatusEvent] {
        let adopted = verdicts.filter { verdict in
            verdict.isWanted && verdict.state == .loaded && claims.cover(wish.name, wish.path)
                && !self.claims.cover(wish.name, wish.path)
                && !rivals.contains { $0.claims.cover(wish.name, wish.path) }
        }
        guard !adopted.isEmpty else { return [] }
        let names = adopted.abbreviated(separator: ", ", \.server.name)
        let note = "somebody had loaded it on \(names); from now on it is this object's"
        return [StatusEvent(reason: "Adopted", action: .observe, note: note)]
    }

    /// What is known of the servers of an object whose spec says nothing that could be acted on.
    private func keptServers() -> [ServerVerdict] {
        (target.servers + others).filter { !$0.isTerminating && stored.lists($0) }.sorted(by: Server.byName).map {
            server in
            let observation = observation(of: server)
            var verdict = ServerVerdict(server: server, isWanted: true, state: .absent, reason: .invalidSpec)
            switch observation.answer {
            case .pending: break
            case .awaiting: verdict.reason = .awaitingServers
            case .blind(let reason, let message): verdict = .blind(server, isWanted: true, reason, message)
            case .listed(let listing):
                guard let held = claims.filter(listing.holds).min() else { break }
                (verdict.state, verdict.reason, verdict.root) = (.loaded, .loaded, held.path)
            }
            return verdict
        }
    }

    /// Nil where too little is known: then the stored status stands.
    private func status(
        _ wish: AdapterWish, _ verdicts: [ServerVerdict], _ claims: [Claim], wanted: Int, _ trouble: SpecProblem?,
        isSettled: Bool
    ) -> AdapterStatus? {
        let report = StatusReport(situation: self, wish: wish)
        let desired = wish.replicas ?? wanted
        if let trouble, isSettled || stored.phase == nil {
            return report.withoutServers(.pending, trouble, former: verdicts, claims: claims)
        }
        if isSettled { return report.status(verdicts, desired: desired, claims: claims) }
        if stored.phase == nil { return report.beforeFirstProbes(desired: desired, claims: claims) }
        // A claim cannot wait for the slowest server: it is what loads on the others wait for, and so are their lines.
        let status = report.beforeLoads(verdicts, claims: claims)
        return status == stored ? nil : status
    }

    /// An entry under a name that the object had before: unloaded once the new name is there.
    ///
    /// Where the new name cannot be had, the old one is given up as soon as another object wants it here; else two that
    /// swap their names would wait for each other.
    private func unloadOldName(_ verdict: inout ServerVerdict, _ wish: AdapterWish) {
        let server = verdict.server
        guard verdict.reasonClass == .ok || verdict.isStuck,
            case .listed(let listing) = observation(of: server).answer
        else { return }
        // Asked by claim, since a server may list thousands.
        let old = claims.filter { claim in
            claim.name != wish.name && listing.holds(claim)
                && !rivals.hasHeir(to: claim.name, at: claim.path, on: server.id, in: listing)
                && (verdict.reasonClass == .ok || rivals.isAwaited(claim.name, on: server.id))
        }
        .min()
        guard let old else { return }
        let unload = unload(old.name, old.path, on: server)
        (verdict.action, verdict.wakeAfter) = (unload.action, unload.wakeAfter)
    }
}

extension AdapterPlan {
    mutating func take(_ verdicts: [ServerVerdict]) {
        for verdict in verdicts {
            actions[verdict.server.id] = verdict.action
            if let delay = verdict.wakeAfter { wake(after: delay) }
        }
    }
}
