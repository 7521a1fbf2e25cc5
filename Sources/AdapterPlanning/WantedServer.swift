/// The verdict on one server that should hold the adapter.
struct WantedServer {
    var situation: AdapterSituation
    var wish: AdapterWish
    var server: Server

    /// Foreign entries of one name on one server are overwritten so often, then another writer is assumed.
    static let overwriteLimit = 3

    private var observation: ServerObservation { situation.observation(of: server) }
    private var claims: [Claim] { situation.claims }

    /// Nil while the server has neither answered nor failed.
    func verdict() -> ServerVerdict? {
        switch observation.answer {
        case .pending: nil
        case .awaiting:
            ServerVerdict(
                server: server, isWanted: true, state: .absent, reason: .awaitingServers,
                message: "not answering yet; it has never answered, so it may be starting")
        case .blind(let reason, let message): blind(reason, message)
        case .listed(let listing): judge(listing)
        }
    }

    private func blind(_ reason: Reason, _ message: String) -> ServerVerdict {
        var verdict = ServerVerdict.blind(server, isWanted: true, reason, message)
        verdict.root =
            observation.lastListing.map { $0.adapters[wish.name]?.root }
            ?? situation.storedLine(of: server)?.root
        return verdict
    }

    private func judge(_ listing: Listing) -> ServerVerdict {
        if listing.baseModels.contains(wish.name) {
            return .init(
                .nameCollidesWithBaseModel, "\"\(wish.name)\" is the id of a base model here; choose another loraName", self)
        }
        if let attempt = observation.attempts[wish.name], listing.stamp <= attempt.stamp || attempt.outcome == .inFlight {
            return undecided(attempt, listing.adapters[wish.name])
        }
        if let winner = situation.rivals.oldest(wanting: wish.name, on: server.id),
            winner.seniority < situation.seniority
        {
            return yield(to: winner, listing.adapters[wish.name])
        }
        if let base = wish.baseModel, !listing.baseModels.contains(base) {
            let served = listing.baseModels.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
            return .init(.baseModelMismatch, "baseModelName is \"\(base)\", but the server serves \(served)", self)
        }
        guard let entry = listing.adapters[wish.name] else { return absent() }
        return entry.root == wish.path ? present(entry) : occupied(entry)
    }

    /// A load or unload of this name was sent and no list asked for afterwards has answered yet.
    private func undecided(_ attempt: Attempt, _ entry: Listing.Entry?) -> ServerVerdict {
        let isLoad = attempt.operation == .load
        var verdict = ServerVerdict(
            server: server, isWanted: true, state: .loading,
            reason: isLoad && entry == nil ? .loadInProgress : .updateInProgress)
        // Another writer's entry may stand there as well, so nothing is said of the root before the next list.
        if isLoad, attempt.path == wish.path, let failure = attempt.reported {
            verdict.state = failure.reason.reasonClass == .failed ? .failed : .loading
            verdict.reason = failure.reason
            verdict.message = failure.message
        }
        return verdict
    }

    /// An older object has the name on this server.
    private func yield(to winner: Rival, _ entry: Listing.Entry?) -> ServerVerdict {
        let owner = winner.name.map { "LoRAAdapter \($0)" } ?? "an older LoRAAdapter"
        var verdict = ServerVerdict(.duplicateName, "\(owner) has the name \"\(wish.name)\" on this server", self)
        if let entry, entry.root != winner.path, claims.cover(wish.name, entry.root), !wish.isSuspended {
            verdict.action = .unload(name: wish.name, path: entry.root)
        }
        return verdict
    }

    private func absent() -> ServerVerdict {
        if wish.loading == .onDemand {
            var verdict = ServerVerdict(server: server, isWanted: true, state: .onDemand, reason: .onDemand)
            verdict.provesAbsence = true
            return verdict
        }
        var verdict = ServerVerdict(server: server, isWanted: true, state: .absent, reason: .suspended)
        verdict.provesAbsence = true
        if wish.isSuspended { return verdict }
        verdict.state = .loading
        verdict.reason = .loadInProgress
        act(&verdict, load(inPlace: false))
        return verdict
    }

    /// The wanted path is listed under the wanted name.
    private func present(_ entry: Listing.Entry) -> ServerVerdict {
        var verdict = ServerVerdict(server: server, isWanted: true, state: .loaded, reason: .loaded)
        verdict.root = entry.root
        verdict.parent = entry.parent
        verdict.isAvailable = true
        if wish.isSuspended, !claims.cover(wish.name, entry.root) {
            verdict.message = "not adopted while suspended"
        }
        return verdict
    }

    /// Another path is listed under the wanted name.
    private func occupied(_ entry: Listing.Entry) -> ServerVerdict {
        let isOwn = claims.cover(wish.name, entry.root)
        if !isOwn {
            let isRivals = situation.rivals.contains { $0.servers.contains(server.id) && $0.claims.cover(wish.name, entry.root) }
            if isRivals {
                return ServerVerdict(
                    server: server, isWanted: true, state: .loading, reason: .unloadPending,
                    message: "another LoRAAdapter still has \(entry.root) loaded under this name")
            }
            guard wish.conflictPolicy == .overwrite, wish.loading == .eager else {
                return .init(
                    .foreignAdapter, "\(entry.root) is loaded under this name, not by this object", self, root: entry.root)
            }
            guard observation.overwrites[wish.name, default: 0] < Self.overwriteLimit else {
                return .init(
                    .conflictingWriter, "something else keeps loading \(entry.root) under this name", self, root: entry.root)
            }
        }
        var verdict = ServerVerdict(
            server: server, isWanted: true, state: wish.isSuspended ? .absent : .loading,
            reason: wish.isSuspended ? .suspended : .updateInProgress)
        verdict.root = entry.root
        verdict.isAvailable = isOwn
        verdict.isReplacement = true
        guard !wish.isSuspended else { return verdict }
        if wish.loading == .onDemand {
            verdict.action = .unload(name: wish.name, path: entry.root)
        } else if wish.strategy == .inPlace {
            act(&verdict, load(inPlace: true))
        } else {
            act(
                &verdict,
                .replace(
                    name: wish.name, path: wish.path, is3D: wish.is3D, isOverwrite: !isOwn, timeout: wish.loadTimeout))
        }
        return verdict
    }

    private func load(inPlace: Bool) -> ServerAction {
        .load(name: wish.name, path: wish.path, is3D: wish.is3D, inPlace: inPlace, timeout: wish.loadTimeout)
    }

    /// Asks for `action`, unless the last attempt at the same path failed and its retry is not due yet.
    private func act(_ verdict: inout ServerVerdict, _ action: ServerAction) {
        guard let attempt = observation.attempts[wish.name], attempt.operation == .load, attempt.path == wish.path else {
            verdict.action = action
            return
        }
        let dueAt: Duration
        switch attempt.outcome {
        case .unknown:
            // The server may still be loading it: looked up, not sent again.
            dueAt = attempt.startedAt + wish.loadTimeout * 2
            verdict.reason = .loadTimedOut
            verdict.message = "no answer to the load; looked up until it appears or may be sent again"
        case .answered, .inFlight:
            dueAt = attempt.endedAt + RetryDelay.after(count: attempt.count)
            verdict.reason = .loadNotConfirmed
            verdict.message = "the server answered the load, but does not list the adapter"
        case .failed(let failure):
            dueAt = attempt.endedAt + RetryDelay.after(count: attempt.count)
            verdict.reason = failure.reason
            verdict.message = failure.message
        }
        verdict.state = verdict.reasonClass == .failed ? .failed : .loading
        if situation.now >= dueAt {
            verdict.action = action
        } else {
            verdict.wakeAfter = dueAt - situation.now
        }
    }
}

extension Attempt {
    /// The failure to report: this attempt's own, else the one before it.
    package var reported: Failure? {
        if case .failed(let failure) = outcome { return failure }
        return previous
    }
}

extension ServerVerdict {
    /// A verdict that asks for nothing: a refusal or a conflict.
    fileprivate init(_ reason: Reason, _ message: String, _ wanted: WantedServer, root: String? = nil) {
        self.init(
            server: wanted.server, isWanted: true, state: reason.reasonClass == .conflict ? .conflict : .failed,
            reason: reason, message: message, root: root)
    }
}
