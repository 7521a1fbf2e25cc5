/// The phase, for people.
enum Phase: String {
    case pending = "Pending"
    case loading = "Loading"
    case ready = "Ready"
    case degraded = "Degraded"
    case unreachable = "Unreachable"
    case conflict = "Conflict"
    case failed = "Failed"
    case suspended = "Suspended"
    case terminating = "Terminating"
}

/// Turns verdicts into the status to write.
struct StatusReport {
    var situation: AdapterSituation
    /// Nil where the spec is wrong.
    var wish: AdapterWish?

    private var stored: AdapterStatus { situation.stored }

    /// The status of an object whose servers have all answered or failed.
    func status(_ verdicts: [ServerVerdict], desired: Int, claims: [Claim]) -> AdapterStatus {
        let wanted = verdicts.filter(\.isWanted)
        var status = frame(claims: claims)
        status.phase = phase(of: wanted, desired: desired).rawValue
        count(wanted, desired: desired, in: &status)
        list(verdicts, in: &status)
        readBack(wanted, in: &status)
        status.conditions = Conditions(situation: situation, stored: stored).of(
            verdicts: verdicts, desired: desired, isSuspended: wish?.isSuspended ?? false)
        return status
    }

    /// The status of a new object before its servers have answered for the first time.
    func beforeFirstProbes(desired: Int, claims: [Claim]) -> AdapterStatus {
        var status = frame(claims: claims)
        status.phase = (wish?.isSuspended == true ? Phase.suspended : .pending).rawValue
        count([], desired: desired, in: &status)
        let problem = SpecProblem(reason: .awaitingServers, message: "waiting for the first answer of the servers")
        status.conditions = Conditions(situation: situation, stored: stored).of(problem, isWork: true)
        return status
    }

    /// The stored status with the claims and lines that loads wait for, while some servers are still to be asked.
    ///
    /// What it says of servers otherwise stands until all have answered.
    func beforeLoads(_ verdicts: [ServerVerdict], claims: [Claim]) -> AdapterStatus {
        var status = stored
        if claims != situation.claims { status.claims = claims.isEmpty ? nil : claims }
        let lines = stored.servers ?? []
        // A line that stands says nothing new yet, not even where the pod of that name is now.
        let missing = verdicts.filter { $0.action?.isLoad == true && stored.line(of: $0.server) == nil }
            .prefix(max(0, AdapterStatus.serverLimit - lines.count))
        guard !missing.isEmpty else { return status }
        status.servers = (lines + missing.map(line)).sorted { ($0.name, $0.port) < ($1.name, $1.port) }
        return status
    }

    /// The status where there is nothing to act on, because of `problem`; what was known is kept.
    ///
    /// `former` are servers that are still to be cleaned up.
    func withoutServers(
        _ phase: Phase, _ problem: SpecProblem, former: [ServerVerdict] = [], claims: [Claim]
    ) -> AdapterStatus {
        var status = frame(claims: claims)
        status.phase = (wish?.isSuspended == true ? Phase.suspended : phase).rawValue
        (status.id, status.parent, status.root) = (stored.id, stored.parent, stored.root)
        count([], desired: wish?.replicas ?? 0, in: &status)
        list(former, in: &status)
        status.conditions = Conditions(situation: situation, stored: stored).of(
            problem, former: former, isWork: !(wish?.isSuspended ?? false), isStalled: phase == .failed)
        return status
    }

    /// The status of an object whose spec cannot be acted on; what was known of its servers is kept.
    func invalid(_ problem: SpecProblem, _ servers: [ServerVerdict], claims: [Claim]) -> AdapterStatus {
        // Until each server has answered or failed once what was written of it stands, whatever the spec says now.
        let isPending = servers.contains { situation.observation(of: $0.server).answer == .pending }
        var status = frame(claims: claims)
        status.phase = Phase.failed.rawValue
        (status.id, status.parent, status.root) = (stored.id, stored.parent, stored.root)
        count(servers, desired: servers.count, in: &status)
        list(servers, in: &status)
        if isPending { (status.servers, status.serversOmitted) = (stored.servers, stored.serversOmitted) }
        status.conditions = Conditions(situation: situation, stored: stored).of(
            problem, former: servers, isWork: false, isStalled: true)
        return status
    }

    /// The status of an object that waits for servers to be cleaned up.
    func terminating(_ holders: [ServerVerdict]) -> AdapterStatus {
        var status = frame(claims: situation.claims)
        status.phase = Phase.terminating.rawValue
        (status.id, status.parent, status.root) = (stored.id, stored.parent, stored.root)
        count([], desired: 0, in: &status)
        status.unreachableServers = holders.count { $0.reasonClass == .blind }
        list(holders, in: &status)
        status.conditions = Conditions(situation: situation, stored: stored).of(terminating: holders)
        return status
    }

    private func frame(claims: [Claim]) -> AdapterStatus {
        var status = AdapterStatus()
        status.observedGeneration = situation.generation
        status.claims = claims.isEmpty ? nil : claims
        return status
    }

    private func count(_ wanted: [ServerVerdict], desired: Int, in status: inout AdapterStatus) {
        status.desiredServers = desired
        status.loadedServers = wanted.count { $0.state == .loaded }
        status.unreachableServers = wanted.count { $0.reasonClass == .blind }
        status.ready = "\(wanted.count { $0.reasonClass == .ok })/\(desired)"
    }

    private func phase(of wanted: [ServerVerdict], desired: Int) -> Phase {
        if wish?.isSuspended == true { return .suspended }
        guard !wanted.isEmpty else { return .pending }
        let classes = Set(wanted.map(\.reasonClass))
        if classes == [.ok] { return wanted.count < desired ? .loading : .ready }
        if classes == [.blind] { return .unreachable }
        if !classes.contains(.ok), !classes.contains(.work) {
            return classes.contains(.conflict) ? .conflict : .failed
        }
        if classes.contains(.ok), !classes.isDisjoint(with: [.blind, .conflict, .failed]) { return .degraded }
        return .loading
    }

    /// Id, parent and root as servers told them; what was last known stays while servers cannot be observed, and goes
    /// only when every wanted server proved absence.
    private func readBack(_ wanted: [ServerVerdict], in status: inout AdapterStatus) {
        if let first = wanted.first(where: { $0.state == .loaded }) {
            (status.id, status.parent, status.root) = (wish?.name, first.parent, first.root)
        } else if wanted.isEmpty || !wanted.allSatisfy(\.provesAbsence) {
            (status.id, status.parent, status.root) = (stored.id, stored.parent, stored.root)
        }
    }

    /// The servers' lines: the unhealthy first where there are too many, written sorted by name.
    private func list(_ verdicts: [ServerVerdict], in status: inout AdapterStatus) {
        var keys: Set<String> = []
        let unique = verdicts.filter { keys.insert("\($0.server.name) \($0.server.id.port)").inserted }
            .sorted { Server.byName($0.server, $1.server) }
        let chosen = unique.filter { $0.reasonClass != .ok } + unique.filter { $0.reasonClass == .ok }
        let listed = chosen.prefix(AdapterStatus.serverLimit).sorted { Server.byName($0.server, $1.server) }
        status.servers = listed.isEmpty ? nil : listed.map(line)
        status.serversOmitted = unique.count > listed.count ? unique.count - listed.count : nil
    }

    private func line(_ verdict: ServerVerdict) -> ServerStatus {
        let server = verdict.server
        var line = ServerStatus(
            name: server.name, port: server.id.port, address: server.address, incarnation: server.incarnation,
            state: verdict.state)
        line.root = verdict.root
        if verdict.reasonClass != .ok {
            line.reason = verdict.reason.rawValue
            line.message = verdict.message.isEmpty ? nil : verdict.message.clipped(to: 256)
        }
        if verdict.reasonClass == .blind {
            let known = situation.storedLine(of: server)?.lastSeenTime ?? situation.observation(of: server).lastSeen
            line.lastSeenTime = known ?? (situation.hasBeenListed(server) ? lastTransition : nil)
        }
        return line
    }

    /// What an earlier process saw, it saw no earlier than it wrote.
    private var lastTransition: String? { situation.stored.conditions?.map(\.lastTransitionTime).max() }
}
