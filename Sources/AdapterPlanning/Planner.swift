extension AdapterSituation {
    /// What to do now and what to say: the same answer for the same situation, whatever led there.
    package func plan() -> AdapterPlan {
        if let deletion { return planDeletion(deletion) }
        let wish: AdapterWish
        switch self.wish {
        case .success(let value): wish = value
        case .failure(let problem): return planNothing(.failed, problem.reason, problem.message)
        }
        switch target {
        case .unusable(let reason, let message): return planNothing(.pending, reason, message)
        case .servers(let servers): return planServers(wish, servers)
        }
    }

    /// There is nothing to act on: what is held is kept, and the reason is reported.
    private func planNothing(_ phase: Phase, _ reason: Reason, _ message: String) -> AdapterPlan {
        var plan = AdapterPlan()
        let report = StatusReport(situation: self, wish: try? wish.get())
        plan.status = report.withoutServers(phase, reason, message)
        return plan
    }

    private func planServers(_ wish: AdapterWish, _ servers: [Server]) -> AdapterPlan {
        let wanted = Placement.choose(wish.replicas, of: servers, for: seniority.uid, keeping: stored.slots(among: servers, observations))
            .sorted(by: Server.byName)
        let wantedIDs = Set(wanted.map(\.id))
        var verdicts: [ServerVerdict] = []
        var isSettled = true
        for server in wanted {
            guard var verdict = WantedServer(situation: self, wish: wish, server: server).verdict() else {
                isSettled = false
                continue
            }
            if verdict.reasonClass == .ok, !wish.isSuspended { verdict.action = oldName(on: server, besides: wish.name) }
            verdicts.append(verdict)
        }
        limitReplacements(&verdicts, of: wanted.count, to: wish.maxUnavailable)

        let allWell = isSettled && !verdicts.isEmpty && verdicts.allSatisfy { $0.reasonClass == .ok } && !wish.isSuspended
        let former = (servers + others).filter { !wantedIDs.contains($0.id) && !$0.isTerminating }.sorted(by: Server.byName)
        for server in former {
            if observation(of: server).answer == .pending { isSettled = false }
            let verdict = FormerServer(
                situation: self, server: server, mayUnload: allWell, loadTimeout: wish.loadTimeout
            ).verdict()
            if let verdict { verdicts.append(verdict) }
        }

        let candidates = wanted + former
        let ledger = ClaimLedger(
            stored: claims,
            current: Set(wanted.map(\.id.port)).sorted().map {
                Claim(name: wish.name, path: wish.path, service: service, port: $0)
            },
            isWanted: verdicts.contains { $0.needsClaim } && !wish.isSuspended,
            // While a server is still to be asked, what it holds is not known and no claim may go.
            mayBeHeld: { claim in
                !isSettled || candidates.contains { mayHold(claim, on: $0, loadTimeout: wish.loadTimeout) }
            })
        var plan = AdapterPlan()
        if ledger.isFull { verdicts = verdicts.map(\.waitingForClaims) }
        plan.take(verdicts)
        if !ledger.missing.isEmpty || !hasFinalizer { plan.actions = plan.actions.filter { !$0.value.isLoad } }
        if ledger.needsFinalizer, !hasFinalizer {
            plan.finalizer = .add
            return plan
        }

        let report = StatusReport(situation: self, wish: wish)
        if isSettled {
            plan.status = report.status(verdicts, desired: wish.replicas ?? wanted.count, claims: ledger.claims)
        } else if stored.phase == nil {
            plan.status = report.beforeFirstProbes(desired: wish.replicas ?? wanted.count, claims: ledger.claims)
        } else if ledger.claims != claims {
            var status = stored
            status.claims = ledger.claims.isEmpty ? nil : ledger.claims
            plan.status = status
        }
        return plan
    }

    /// An entry under a name that the object had before: unloaded once the new name is there.
    private func oldName(on server: Server, besides name: String) -> ServerAction? {
        guard case .listed(let listing) = observation(of: server).answer else { return nil }
        let old = listing.adapters.filter { id, entry in
            id != name && claims.cover(id, entry.root) && !rivals.hasHeir(to: id, at: entry.root, on: server.id)
        }
        .min { $0.key < $1.key }
        guard let old else { return nil }
        var verdict = ServerVerdict(server: server, isWanted: false, state: .unloading, reason: .unloadPending)
        verdict.action = .unload(name: old.key, path: old.value.root)
        verdict.holdBack(observation(of: server).attempts[old.key], at: now)
        return verdict.action
    }

    /// Takes replacements back that would leave more than `limit` wanted servers without the adapter.
    private func limitReplacements(_ verdicts: inout [ServerVerdict], of wanted: Int, to limit: Int) {
        var available = verdicts.count { $0.isAvailable }
        for index in verdicts.indices where verdicts[index].isReplacement && verdicts[index].isAvailable {
            guard verdicts[index].action != nil else { continue }
            if wanted - (available - 1) > limit {
                verdicts[index].action = nil
            } else {
                available -= 1
            }
        }
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

extension ServerAction {
    var isLoad: Bool {
        switch self {
        case .load, .replace: true
        case .unload: false
        }
    }
}

extension ServerVerdict {
    /// Whether the spec's own claim must be persisted for what happens, or stays, on this server.
    fileprivate var needsClaim: Bool { isWanted && (action?.isLoad == true || state == .loaded) }

    /// The list of claims is full: what would need another one waits for old ones to be cleaned up.
    fileprivate var waitingForClaims: ServerVerdict {
        guard action?.isLoad == true else { return self }
        var copy = self
        copy.action = nil
        copy.state = .loading
        copy.reason = .unloadPending
        copy.message = "waits until earlier names and paths are unloaded: \(Claim.limit) claims are open"
        return copy
    }
}
