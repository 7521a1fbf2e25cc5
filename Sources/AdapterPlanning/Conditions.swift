/// Builds the conditions that programs read: `Ready` and `Unreachable` always, `Reconciling` and `Stalled` while True.
struct Conditions {
    var situation: AdapterSituation
    var stored: AdapterStatus

    /// The conditions of an object whose wanted servers have all been judged.
    func of(verdicts: [ServerVerdict], desired: Int, isSuspended: Bool) -> [AdapterCondition] {
        let wanted = verdicts.filter(\.isWanted)
        let troubled = wanted.filter { $0.reasonClass != .ok }
        let missing = desired - wanted.count
        var conditions: [AdapterCondition] = []

        if let worst = troubled.min(by: Self.isWorse) {
            let onlyBlind = missing <= 0 && troubled.allSatisfy { $0.reasonClass == .blind }
            conditions.append(make("Ready", onlyBlind ? .unknown : .no, worst.reason, Self.tell(troubled, like: worst)))
        } else if missing > 0 || wanted.isEmpty {
            conditions.append(make("Ready", .no, .awaitingServers, "\(wanted.count) of \(desired) servers exist"))
        } else {
            let reason = wanted.contains { $0.state == .loaded } ? Reason.loaded : .onDemand
            conditions.append(
                make(
                    "Ready", .yes, reason,
                    reason == .loaded ? "loaded on \(wanted.count) server\(wanted.count == 1 ? "" : "s")" : ""))
        }
        conditions.append(unreachable(verdicts))

        let working = verdicts.filter { $0.reasonClass == .work }
        let isReconciling = !isSuspended && (!working.isEmpty || missing > 0)
        if isReconciling {
            let first = working.min(by: Self.isWorse)
            conditions.append(
                make(
                    "Reconciling", .yes, first?.reason ?? .awaitingServers,
                    first.map { Self.tell(working, like: $0) } ?? "\(wanted.count) of \(desired) servers exist"))
        } else if !isSuspended, !troubled.isEmpty, let worst = troubled.min(by: Self.isWorse),
            troubled.allSatisfy({ [.conflict, .failed].contains($0.reasonClass) || $0.reason.needsPerson })
        {
            conditions.append(make("Stalled", .yes, worst.reason, Self.tell(troubled, like: worst)))
        }
        return conditions
    }

    /// The conditions of an object for which no server could be judged.
    ///
    /// `former` are servers that are still to be cleaned up.
    func of(
        _ problem: SpecProblem, former: [ServerVerdict] = [], isWork: Bool, isStalled: Bool = false
    ) -> [AdapterCondition] {
        let (reason, message) = (problem.reason, problem.message)
        var conditions = [make("Ready", .no, reason, message), unreachable(former)]
        let working = former.filter { $0.reasonClass == .work }
        if isWork, let worst = working.min(by: Self.isWorse) {
            conditions.append(make("Reconciling", .yes, worst.reason, Self.tell(working, like: worst)))
        } else if isWork, reason.reasonClass == .work {
            conditions.append(make("Reconciling", .yes, reason, message))
        }
        if isStalled { conditions.append(make("Stalled", .yes, reason, message)) }
        return conditions
    }

    /// The conditions of an object that waits for `holders` to be cleaned up.
    func of(terminating holders: [ServerVerdict]) -> [AdapterCondition] {
        let worst = holders.min(by: Self.isWorse)
        let message = worst.map { Self.tell(holders, like: $0) } ?? ""
        let reason = worst?.reason ?? .unloadPending
        return [make("Ready", .no, reason, message), unreachable(holders), make("Reconciling", .yes, reason, message)]
    }

    private func unreachable(_ verdicts: [ServerVerdict]) -> AdapterCondition {
        let blind = verdicts.filter { $0.reasonClass == .blind }
        guard let worst = blind.min(by: Self.isWorse) else { return make("Unreachable", .no, .observed, "") }
        return make("Unreachable", .yes, worst.reason, Self.tell(blind, like: worst))
    }

    private static func isWorse(_ a: ServerVerdict, than b: ServerVerdict) -> Bool {
        a.rank != b.rank ? a.rank < b.rank : Server.byName(a.server, b.server)
    }

    /// Names servers that are as badly off as the worst.
    private static func tell(_ verdicts: [ServerVerdict], like worst: ServerVerdict) -> String {
        let alike = verdicts.filter { $0.rank == worst.rank }.sorted { Server.byName($0.server, $1.server) }
        return alike.abbreviated { verdict in
            let detail = verdict.message.isEmpty ? "" : " (\(verdict.message))"
            return "\(verdict.server.name): \(verdict.reason.rawValue)\(detail)"
        }
        .clipped(to: 1024)
    }

    private func make(
        _ type: String, _ status: AdapterCondition.Status, _ reason: Reason, _ message: String
    ) -> AdapterCondition {
        AdapterCondition(
            type, status, reason, message, after: stored.conditions ?? [], at: situation.timestamp,
            generation: situation.generation)
    }
}

extension ServerVerdict {
    /// In the order in which the worst is chosen; what `suspend` holds up ranks as the work that it would be.
    fileprivate var rank: ReasonClass { reason == .suspended ? .work : reasonClass }
}
