/// Builds the conditions of a ServedModel: `Ready`, `Unreachable` and `Consistent`, always all three.
struct ServedModelConditions {
    var situation: ServedModelSituation
    var before: [AdapterCondition]

    func of(_ id: String, _ servers: [ServedModelSituation.Observed]) -> [AdapterCondition] {
        let blind = servers.compactMap { observed -> (name: String, reason: Reason)? in
            guard case .blind(let reason, _) = observed.observation.answer else { return nil }
            return (observed.server.name, reason)
        }
        return [ready(servers, blind), unreachable(blind), consistent(id, servers)]
    }

    private func ready(
        _ servers: [ServedModelSituation.Observed], _ blind: [(name: String, reason: Reason)]
    ) -> AdapterCondition {
        if let problem = situation.problem { return make("Ready", .no, problem.reason, problem.message) }
        let starting = servers.filter { $0.observation.answer == .awaiting }.map(\.server.name)
        if !starting.isEmpty {
            return make("Ready", .no, .awaitingServers, "starting: \(starting.abbreviated(\.self))")
        }
        if let first = blind.first { return make("Ready", .unknown, first.reason, Self.tell(blind)) }
        return make(
            "Ready", .yes, .observed, "served by \(servers.count) server\(servers.count == 1 ? "" : "s")")
    }

    private func unreachable(_ blind: [(name: String, reason: Reason)]) -> AdapterCondition {
        guard let first = blind.first else { return make("Unreachable", .no, .observed, "") }
        return make("Unreachable", .yes, first.reason, Self.tell(blind))
    }

    private func consistent(_ id: String, _ servers: [ServedModelSituation.Observed]) -> AdapterCondition {
        let cards = servers.compactMap { observed in
            observed.observation.newestListing?.models.first { $0.id == id }.map { (observed.server.name, $0) }
        }
        guard let first = cards.first else {
            // Nothing can be compared now.
            if let known = before["Consistent"] { return known }
            return make("Consistent", .unknown, .awaitingServers, "")
        }
        let others = cards.filter { $0.1 != first.1 }.map(\.0)
        if others.isEmpty { return make("Consistent", .yes, .observed, "") }
        return make(
            "Consistent", .no, .inconsistentReplica,
            "root or max_model_len differ from those of \(first.0) on: \(others.abbreviated(\.self))")
    }

    private static func tell(_ blind: [(name: String, reason: Reason)]) -> String {
        blind.abbreviated { "\($0.name): \($0.reason.rawValue)" }
    }

    private func make(
        _ type: String, _ status: AdapterCondition.Status, _ reason: Reason, _ message: String
    ) -> AdapterCondition {
        AdapterCondition(type, status, reason, message, after: before, at: situation.timestamp)
    }
}
