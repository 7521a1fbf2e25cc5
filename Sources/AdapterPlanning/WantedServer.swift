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
        case .listed(let listing): proven(judge(listing), by: listing)
        }
    }

    private func proven(_ verdict: ServerVerdict, by listing: Listing) -> ServerVerdict {
        var verdict = verdict
        let entry = listing.adapters[wish.name]
        let isThere = entry.map { $0.root == wish.path || claims.cover(wish.name, $0.root) } ?? false
        verdict.provesAbsence = !isThere && openAttempt(before: listing) == nil
        return verdict
    }

    /// The load or unload of the name that no list asked for afterwards has answered yet.
    private func openAttempt(before listing: Listing) -> Attempt? {
        observation.attempts[wish.name].flatMap {
            listing.stamp <= $0.stamp || $0.outcome == .inFlight ? $0 : nil
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
                .nameCollidesWithBaseModel, "\"\(wish.name)\" is the id of a base model here; choose another loraName",
                self)
        }
        if let winner = winner(listing.adapters[wish.name]) { return yield(to: winner, listing.adapters[wish.name]) }
        if let base = wish.baseModel, !listing.baseModels.contains(base) {
            let served = listing.baseModels.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
            return .init(.baseModelMismatch, "baseModelName is \"\(base)\", but the server serves \(served)", self)
        }
        if let attempt = openAttempt(before: listing) { return undecided(attempt, listing.adapters[wish.name]) }
        guard let entry = listing.adapters[wish.name] else { return absent() }
        return isAsWanted(entry) ? present(entry) : occupied(entry)
    }

    /// An older object that has the name on this server; one that goes leaves what is as wanted to the next.
    private func winner(_ entry: Listing.Entry?) -> Rival? {
        situation.rivals.filter { !$0.isDeleting || entry?.root != wish.path }
            .oldest(wanting: wish.name, on: server.id)
            .flatMap { $0.seniority < situation.seniority ? $0 : nil }
    }

    /// The layout is compared where this process loaded the entry; a server does not tell it.
    private func isAsWanted(_ entry: Listing.Entry) -> Bool {
        guard entry.root == wish.path else { return false }
        guard wish.loading == .eager, claims.cover(wish.name, entry.root) else { return true }
        return observation.layouts[wish.name].map { $0 == wish.is3D } ?? true
    }

    /// A load or unload of this name was sent and no list asked for afterwards has answered yet.
    private func undecided(_ attempt: Attempt, _ entry: Listing.Entry?) -> ServerVerdict {
        if attempt.operation == .load, entry == nil, isSame(attempt), attempt.reported == nil, otherWriter != nil {
            return vanishing()
        }
        let isLoad = attempt.operation == .load
        var verdict = ServerVerdict(
            server: server, isWanted: true, state: .loading,
            reason: isLoad && entry == nil ? .loadInProgress : .updateInProgress)
        // Another writer's entry may stand there as well, so nothing is said of the root before the next list.
        if isSame(attempt), let failure = attempt.reported {
            verdict.report(failure)
            verdict.hasFailedLoad = true
            // A retry keeps what is told until its outcome differs, the root that was last listed included.
            verdict.root = situation.storedLine(of: server)?.root.flatMap { $0 == entry?.root ? $0 : nil }
        }
        return verdict
    }

    /// An older object has the name on this server.
    private func yield(to winner: Rival, _ entry: Listing.Entry?) -> ServerVerdict {
        let owner = winner.name.map { "LoRAAdapter \($0)" } ?? "an older LoRAAdapter"
        var verdict = ServerVerdict(.duplicateName, "\(owner) has the name \"\(wish.name)\" on this server", self)
        // What the winner wants, or put there itself, is the winner's to replace.
        if let entry, entry.root != winner.path, !winner.claims.cover(wish.name, entry.root),
            claims.cover(wish.name, entry.root), !wish.isSuspended
        {
            let unload = unload(entry)
            (verdict.action, verdict.wakeAfter) = (unload.action, unload.wakeAfter)
        }
        return verdict
    }

    private func absent() -> ServerVerdict {
        if wish.loading == .onDemand {
            return ServerVerdict(server: server, isWanted: true, state: .onDemand, reason: .onDemand)
        }
        var verdict = ServerVerdict(
            server: server, isWanted: true, state: .absent, reason: .suspended, message: "not loaded while suspended")
        if wish.isSuspended { return verdict }
        if let otherWriter {
            verdict = vanishing()
            // An attempt that came to nothing has a delay, and a story, of its own.
            guard observation.attempts[wish.name] == nil, situation.now < otherWriter else {
                var next = verdict
                act(&next, load)
                return next
            }
            verdict.wakeAfter = otherWriter - situation.now
            return verdict
        }
        verdict.state = .loading
        (verdict.reason, verdict.message) = (.loadInProgress, "")
        act(&verdict, load)
        return verdict
    }

    /// Somebody keeps unloading what is loaded here: when it is loaded once more.
    private var otherWriter: Duration? {
        wish.loading == .eager ? observation.vanishings[wish.name]?.dueAt : nil
    }

    private func vanishing() -> ServerVerdict {
        .init(.conflictingWriter, "something else keeps unloading it here; it is loaded again ever more rarely", self)
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
            let owners = situation.rivals.filter { $0.claims.cover(wish.name, entry.root) }
            if owners.contains(where: { $0.servers.contains(server.id) }) {
                return ServerVerdict(
                    server: server, isWanted: true, state: .loading, reason: .unloadPending,
                    message: "another LoRAAdapter still has \(entry.root) loaded under this name")
            }
            // A claim of an object that does not want this server may all the same be what is left to clean up here.
            guard wish.conflictPolicy == .overwrite, wish.loading == .eager, owners.isEmpty else {
                return .init(
                    .foreignAdapter, "\(entry.root) is loaded under this name, not by this object", self,
                    root: entry.root)
            }
            guard observation.overwrites[wish.name, default: 0] < Self.overwriteLimit else {
                return .init(
                    .conflictingWriter, "something else keeps loading \(entry.root) under this name", self,
                    root: entry.root)
            }
        }
        var verdict = ServerVerdict(
            server: server, isWanted: true, state: wish.isSuspended ? .absent : .loading,
            reason: wish.isSuspended ? .suspended : .updateInProgress)
        verdict.root = entry.root
        verdict.isAvailable = isOwn
        // A server without the name is as good: nobody has to wait for another.
        verdict.isReplacement = wish.loading == .eager
        guard !wish.isSuspended else { return verdict }
        if wish.loading == .onDemand {
            verdict.take(unload(entry))
        } else {
            act(
                &verdict,
                .replace(
                    name: wish.name, root: entry.root, path: wish.path, is3D: wish.is3D,
                    inPlace: wish.strategy == .inPlace, isOverwrite: !isOwn, timeout: wish.loadTimeout))
        }
        return verdict
    }

    private func unload(_ entry: Listing.Entry) -> Unload {
        situation.unload(wish.name, entry.root, on: server)
    }

    private var load: ServerAction {
        .load(name: wish.name, path: wish.path, is3D: wish.is3D, timeout: wish.loadTimeout)
    }

    /// Asks for `action`, unless the last load is to be waited for.
    private func act(_ verdict: inout ServerVerdict, _ action: ServerAction) {
        guard let attempt = observation.attempts[wish.name], attempt.operation == .load else {
            verdict.action = action
            return
        }
        if attempt.outcome == .unknown,
            attempt.isOpen(before: observation.newestListing, loadTimeout: wish.loadTimeout)
        {
            // The server may still be loading, this path or the one before: looked up, not sent again.
            verdict.report(.timedOut)
            verdict.hasFailedLoad = isSame(attempt)
            verdict.wakeAfter = attempt.lookUpTime(at: situation.now, loadTimeout: wish.loadTimeout)
            return
        }
        guard isSame(attempt), let failure = attempt.repeated else {
            verdict.action = action
            return
        }
        verdict.report(failure)
        verdict.hasFailedLoad = true
        // The look-up of a load without an answer was its delay.
        let dueAt = attempt.outcome == .unknown ? .zero : attempt.endedAt + RetryDelay.after(count: attempt.count)
        if situation.now >= dueAt {
            verdict.action = action
        } else {
            verdict.wakeAfter = dueAt - situation.now
        }
    }

    /// Whether the attempt was at the load that is wanted now.
    private func isSame(_ attempt: Attempt) -> Bool {
        attempt.operation == .load && attempt.path == wish.path && attempt.is3D == wish.is3D
            && (!attempt.inPlace || wish.strategy == .inPlace)
    }
}

extension ServerVerdict {
    /// Tells why a load came to nothing.
    fileprivate mutating func report(_ failure: Attempt.Failure) {
        (reason, message) = (failure.reason, failure.message)
        state = reasonClass == .failed ? .failed : .loading
    }

    /// A verdict that asks for nothing: a refusal or a conflict.
    fileprivate init(_ reason: Reason, _ message: String, _ wanted: WantedServer, root: String? = nil) {
        self.init(
            server: wanted.server, isWanted: true, state: reason.reasonClass == .conflict ? .conflict : .failed,
            reason: reason, message: message, root: root)
    }
}
