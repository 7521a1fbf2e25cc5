import AdapterPlanning

/// What one connection has brought to light: a pure machine that turns answers into an observation.
struct ServerRecord {
    /// A server that refuses connections and never answered counts as starting for so long.
    static let startTime = Duration.seconds(600)

    private(set) var observation = ServerObservation()
    var consistency = ReplicaConsistency()
    private var stamp = 0
    /// Loads and unloads that began or ended.
    private(set) var steps = 0
    private var hasAnswered = false
    private var wasReady = false
    private let since: Duration

    init(since: Duration) { self.since = since }

    /// What a change concerns: names, or everything.
    enum Change: Hashable {
        case nothing
        case names(Set<String>)
        /// What only a ServedModel shows.
        case model
        case everything
    }

    /// A probe is about to be sent; its listing carries the stamp returned here.
    mutating func probeStarted() -> Int {
        stamp += 1
        return stamp
    }

    mutating func listed(_ listing: Listing) -> Change {
        hasAnswered = true
        let before = observation.answer
        let changed = observation.lastListing?.differences(from: listing) ?? []
        let names = settle(by: listing, changed: changed).union(changed)
        observation.answer = .listed(listing)
        observation.lastListing = listing
        observation.lastSeen = nil
        guard case .listed(let old) = before, old.models == listing.models else { return .everything }
        return names.isEmpty ? .nothing : .names(names)
    }

    /// Takes over loads that went out over another connection and may have reached this server: nobody here hears their
    /// answers, so what comes of them is looked up.
    mutating func inherit(_ attempts: [String: Attempt], now: Duration) {
        for (name, attempt) in attempts where attempt.operation == .load {
            var attempt = attempt
            switch attempt.outcome {
            case .inFlight: attempt.endedAt = now
            case .unknown: break
            case .answered, .failed: continue
            }
            if let known = observation.attempts[name], known.outcome == .inFlight || known.endedAt > attempt.endedAt {
                continue
            }
            (attempt.outcome, attempt.stamp) = (.unknown, stamp)
            observation.attempts[name] = attempt
        }
    }

    /// Takes what the server said of its version.
    mutating func told(version: String) -> Change {
        defer { observation.version = version }
        return observation.version == version ? .nothing : .model
    }

    /// Takes how many adapters the server said to keep in memory.
    mutating func told(adapterLimit: Int) -> Change {
        defer { observation.adapterLimit = adapterLimit }
        guard observation.adapterLimit != adapterLimit, case .listed(let listing) = observation.answer,
            listing.adapters.count > adapterLimit
        else { return .nothing }
        return .everything
    }

    /// Drops the attempts whose outcome the listing shows, and names those on which it has a word to say.
    ///
    /// `changed` are the names of which it says something else than the listing before.
    private mutating func settle(by listing: Listing, changed: Set<String>) -> Set<String> {
        var names: Set<String> = []
        noteVanishings(by: listing, changed: changed)
        for name in changed { observation.layouts[name] = nil }
        for (name, attempt) in observation.attempts where attempt.outcome != .inFlight && attempt.stamp < listing.stamp
        {
            // A load of unknown outcome is looked up with every list, until one tells the end of it.
            if (observation.newestStamp ?? 0) < attempt.stamp || attempt.outcome == .unknown { names.insert(name) }
            let isThere = listing.adapters[name]?.root == attempt.path
            guard isThere == (attempt.operation == .load), !hasOldLayout(name, after: attempt) else { continue }
            observation.attempts[name] = nil
            if isThere { observation.layouts[name] = attempt.is3D }
        }
        // Emptied, it would keep the room that a thousand attempts took.
        if observation.attempts.isEmpty { observation.attempts = [:] }
        return names
    }

    /// Counts what this process loaded, and what went without its doing.
    private mutating func noteVanishings(by listing: Listing, changed: Set<String>) {
        let now = listing.requestedAt
        observation.vanishings = observation.vanishings.filter { now - $0.value.at < Vanishing.memory }
        for name in changed
        where observation.layouts[name] != nil && listing.adapters[name] == nil && observation.attempts[name] == nil {
            observation.vanishings[name] = Vanishing.next(after: observation.vanishings[name], at: now)
        }
    }

    /// Whether a load that was to change the layout of the same path failed, so that what is listed is the old one.
    private func hasOldLayout(_ name: String, after attempt: Attempt) -> Bool {
        guard attempt.operation == .load, case .failed = attempt.outcome, let layout = observation.layouts[name] else {
            return false
        }
        return layout != attempt.is3D
    }

    mutating func failed(_ reason: Reason, _ message: String, isReady: Bool, now: Duration, timestamp: String) -> Change
    {
        // Any answer says that the server was up, be it `Unauthorized`.
        if reason.isAnswer { hasAnswered = true }
        if isReady { wasReady = true }
        let isStarting = reason == .connectionRefused && !hasAnswered && !wasReady && now - since < Self.startTime
        let answer = isStarting ? ServerObservation.Answer.awaiting : .blind(reason, message)
        if case .listed = observation.answer { observation.lastSeen = timestamp }
        guard answer != observation.answer else { return .nothing }
        // The same trouble in other words is no change: messages stay as they were first told.
        if case .blind(reason, _) = observation.answer { return .nothing }
        observation.answer = answer
        return .everything
    }

    /// Whether what the plan of `action` saw is still so: an answer of the server that is newer than whatever was sent
    /// for that name, and an entry, or none, that the action is meant for.
    func allows(_ action: ServerAction) -> Bool {
        guard case .listed(let listing) = observation.answer else { return false }
        if let attempt = observation.attempts[action.name] {
            guard attempt.outcome != .inFlight, attempt.stamp < listing.stamp else { return false }
        }
        return listing.adapters[action.name]?.root == action.takenRoot
    }

    mutating func started(_ action: ServerAction, now: Duration) {
        let attempt = observation.attempts[action.name]
        let isSame =
            attempt?.operation == action.operation && attempt?.path == action.path
            && attempt?.is3D == action.is3D && attempt?.inPlace == action.inPlace
        stamp += 1
        steps += 1
        var next = Attempt(action.operation, path: action.path, outcome: .inFlight, startedAt: now, stamp: stamp)
        (next.is3D, next.inPlace) = (action.is3D, action.inPlace)
        if isSame, let attempt {
            next.count = min(attempt.count + 1, 1000)
            next.previous = attempt.repeated
        }
        if action.isOverwrite { observation.overwrites[action.name, default: 0] += 1 }
        observation.attempts[action.name] = next
    }

    mutating func ended(_ action: ServerAction, _ outcome: Attempt.Outcome, now: Duration) -> Change {
        guard var attempt = observation.attempts[action.name] else { return .nothing }
        stamp += 1
        steps += 1
        attempt.outcome = outcome
        // A load that followed an unload went out nobody knows when, but no later than now.
        if case .replace(_, _, _, _, inPlace: false, _, _) = action, outcome == .unknown { attempt.startedAt = now }
        attempt.endedAt = now
        attempt.stamp = stamp
        observation.attempts[action.name] = attempt
        // What was answered, or may have happened, is told by the list that follows.
        if case .failed = outcome { return .names([action.name]) }
        return .nothing
    }
}

extension Reason {
    /// Whether the server said something; a Secret that is missing keeps the question from being asked.
    fileprivate var isAnswer: Bool {
        reasonClass == .blind && !isNoAnswer && self != .secretNotFound && self != .secretInvalid
    }
}

extension ServerObservation {
    fileprivate var newestStamp: Int? { lastListing?.stamp }
}
