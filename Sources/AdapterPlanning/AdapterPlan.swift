/// What to do for one object now, and what to say about it.
package struct AdapterPlan: Hashable, Sendable {
    package enum Finalizer: Hashable, Sendable { case keep, add, remove }

    /// At most one action a server.
    ///
    /// Empty until the claims in `status` and the finalizer are persisted.
    package var actions: [ServerID: ServerAction] = [:]
    /// What to write; nil while too little is known to say anything, so that the stored status stands.
    package var status: AdapterStatus?
    package var finalizer = Finalizer.keep
    /// When to plan again although nothing changed: a retry is due, or a deadline.
    package var wakeAfter: Duration?
    /// Servers that were given up at the deletion deadline, by name.
    package var abandoned: [String] = []
    /// What people should know as long as it is so; see ``ToldWarnings``.
    package var warnings: [StatusEvent] = []
    /// What is to be told once `status` is written.
    package var news: [StatusEvent] = []

    package init() {}

    mutating func wake(after delay: Duration) {
        wakeAfter = min(wakeAfter ?? delay, max(delay, .zero))
    }
}

/// An object's deletion: read live, so that patching a terminating object frees it.
package struct DeletionRequest: Hashable, Sendable {
    package var policy: AdapterWish.DeletionPolicy
    package var timeout: Duration
    /// How long ago it was asked for.
    package var age: Duration

    package init(policy: AdapterWish.DeletionPolicy, timeout: Duration, age: Duration) {
        self.policy = policy
        self.timeout = timeout
        self.age = age
    }
}

/// Everything a plan depends on.
package struct AdapterSituation: Hashable, Sendable {
    package enum Target: Hashable, Sendable {
        /// The servers behind the Service that are not terminating; `service` and ports go into claims.
        case servers([Server])
        /// There is nothing to act on, for a reason of the object class.
        case unusable(Reason, String)

        /// None where there is nothing to act on.
        package var servers: [Server] {
            if case .servers(let servers) = self { servers } else { [] }
        }
    }

    package var objectName = ""
    package var seniority = Rival.Seniority(createdAt: "", uid: "")
    package var generation: Int64 = 0
    package var hasFinalizer = false
    /// Nil while deletion was not asked for.
    package var deletion: DeletionRequest?
    package var stored = AdapterStatus()
    /// The wish, or what is wrong with the spec.
    package var wish: Result<AdapterWish, SpecProblem>
    package var service = ""
    package var target: Target
    /// Servers outside the target that may hold a claim: pods that left, an earlier target, terminating pods.
    package var others: [Server] = []
    package var observations: [ServerID: ServerObservation] = [:]
    package var rivals: [Rival] = []
    /// Nil where no process before this one can have sent anything.
    package var inherited: InheritedLoads?
    package var files = FilesVerdict.sound
    /// How many adapters a server should have at most (`--max-adapters-per-server`); a server may tell less.
    package var adapterLimit: Int?
    /// An API key goes over plain http, and not only within this machine.
    package var sendsKeyInClear = false
    package var now: Duration = .zero
    /// The wall clock in RFC 3339 and whole seconds, for status alone.
    package var timestamp = ""

    package init(wish: Result<AdapterWish, SpecProblem>, target: Target) {
        self.wish = wish
        self.target = target
    }

    /// How long a load may take.
    package var loadTimeout: Duration { (try? wish.get())?.loadTimeout ?? AdapterWish.defaultLoadTimeout }

    /// What this object may have put on servers.
    ///
    /// If status was lost, what the spec asks for: the finalizer says that there was something.
    var claims: [Claim] {
        if let claims = stored.claims { return claims }
        guard hasFinalizer, stored.phase == nil, case .success(let wish) = wish, case .servers(let servers) = target
        else {
            return []
        }
        return currentClaims(wish, on: servers)
    }

    /// One claim for each port on which the servers listen.
    func currentClaims(_ wish: AdapterWish, on servers: [Server]) -> [Claim] {
        // One port, nearly always.
        var ports: [Int] = []
        for server in servers where !ports.contains(server.id.port) { ports.append(server.id.port) }
        return ports.sorted().map {
            Claim(name: wish.name, path: wish.path, service: service, port: $0)
        }
    }

    /// What the stored status says of this incarnation of the server.
    func storedLine(of server: Server) -> ServerStatus? {
        stored.line(of: server).flatMap {
            $0.incarnation == server.incarnation && $0.address == server.address ? $0 : nil
        }
    }

    /// What is known of the server.
    ///
    /// One that refuses connections only counts as starting where nothing says that this incarnation has answered
    /// before: after a restart of the operator the stored status may say so.
    func observation(of server: Server) -> ServerObservation {
        guard var observation = observations[server.id] else { return ServerObservation() }
        if observation.answer == .awaiting, let line = storedLine(of: server), line.hasAnswered {
            observation.answer = .blind(.connectionRefused, "connection refused")
        }
        return observation
    }
}

extension ServerStatus {
    /// Whether the server had given a valid list when this line was written: else nobody can say when it was last seen.
    var hasListed: Bool { isBlind ? lastSeenTime != nil : hasAnswered }

    private var isBlind: Bool { reason.flatMap { Reason(rawValue: $0) }?.reasonClass == .blind }

    /// Whether the server had answered when this line was written.
    fileprivate var hasAnswered: Bool {
        switch state {
        case .absent: reason != Reason.awaitingServers.rawValue
        // It said something, if not what can be believed; only a Secret that is amiss keeps the question from being asked.
        case .unknown:
            lastSeenTime != nil
                || reason != Reason.secretNotFound.rawValue && reason != Reason.secretInvalid.rawValue
        case .loaded, .loading, .unloading, .unreachable, .failed, .conflict, .onDemand: true
        }
    }
}
