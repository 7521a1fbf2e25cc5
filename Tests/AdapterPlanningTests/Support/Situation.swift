import AdapterPlanning

/// The object `sql`, which wants `/adapters/sql` on `servers` of the Service `vllm`.
func situation(
    _ servers: KnownServer..., others: [KnownServer] = [], claims: [Claim] = [], rivals: [Rival] = [],
    edit: (inout AdapterWish) -> Void = { _ in }
) -> AdapterSituation {
    var wish = AdapterWish(name: "sql", path: "/adapters/sql")
    edit(&wish)
    var situation = AdapterSituation(wish: .success(wish), target: .servers(servers.map(\.server)))
    situation.objectName = "sql"
    situation.seniority = Rival.Seniority(createdAt: "2026-01-02T00:00:00Z", uid: "object")
    situation.generation = 1
    situation.service = "vllm"
    situation.timestamp = "2026-01-03T00:00:00Z"
    situation.others = others.map(\.server)
    situation.rivals = rivals
    situation.now = .seconds(10_000)
    for known in servers + others { situation.observations[known.server.id] = known.observation }
    if !claims.isEmpty {
        situation.hasFinalizer = true
        situation.stored.observedGeneration = 1
        situation.stored.phase = "Ready"
        situation.stored.claims = claims
    }
    return situation
}

extension AdapterSituation {
    /// The situation once all that the plan wants written is written.
    func written() -> AdapterSituation {
        var situation = self
        for _ in 0..<8 {
            let plan = situation.plan()
            if plan.finalizer == .add {
                situation.hasFinalizer = true
            } else if let status = plan.status, status != situation.stored {
                situation.stored = status
            } else {
                return situation
            }
        }
        return situation
    }

    /// The situation of a server changed.
    func with(_ known: KnownServer) -> AdapterSituation {
        var situation = self
        situation.observations[known.server.id] = known.observation
        return situation
    }

    /// The wish changed, and with it the generation.
    func editing(_ edit: (inout AdapterWish) -> Void) -> AdapterSituation {
        var situation = self
        if case .success(var wish) = situation.wish {
            edit(&wish)
            situation.wish = .success(wish)
            situation.generation += 1
        }
        return situation
    }

    func deleted(
        _ policy: AdapterWish.DeletionPolicy = .unload, timeout: Duration = .seconds(300), age: Duration = .zero
    ) -> AdapterSituation {
        var situation = self
        situation.deletion = DeletionRequest(policy: policy, timeout: timeout, age: age)
        return situation
    }

    /// What is sent to the server of that name, once all is written.
    func action(on name: String, port: Int = 8000) -> ServerAction? { plan().actions[.of(name, port: port)] }
}

extension AdapterPlan {
    func condition(_ type: String) -> AdapterCondition? { status?.conditions?[type] }

    /// The server's line in status.
    func line(_ name: String) -> ServerStatus? { status?.servers?.first { $0.name == name } }

    var summary: String { status?.summary ?? "nothing to say" }
}

extension AdapterStatus {
    /// Phase, `Ready` and its reason in one line.
    var summary: String {
        let ready = conditions?["Ready"]
        return "\(phase ?? "-") \(ready?.status.rawValue ?? "-") \(ready?.reason ?? "-")"
    }
}

extension ServerAction {
    var loads: String? {
        switch self {
        case .load(let name, let path, _, _), .replace(let name, _, let path, _, _, _, _): "\(name)=\(path)"
        case .unload: nil
        }
    }

    var unloads: String? {
        if case .unload(let name, let path) = self { "\(name)=\(path)" } else { nil }
    }
}

extension Claim {
    static func on(
        _ name: String = "sql", _ path: String = "/adapters/sql", service: String = "vllm", port: Int = 8000
    ) -> Claim {
        Claim(name: name, path: path, service: service, port: port)
    }
}

extension Rival {
    /// Another object, which has seen what it claims; `older` says who wins.
    static func rival(
        older: Bool, name: String? = "other", loraName: String = "sql", path: String = "/adapters/other",
        isDeleting: Bool = false, on servers: [String] = ["a"], claims: [Claim] = []
    ) -> Rival {
        var rival = Rival(
            seniority: Seniority(createdAt: older ? "2026-01-01T00:00:00Z" : "2026-01-02T12:00:00Z", uid: "rival"),
            name: name, loraName: loraName, path: path, isDeleting: isDeleting,
            servers: Set(servers.map { ServerID.of($0) }), claims: claims)
        let seen = Dictionary(claims.map { ($0.name, $0.path) }) { first, _ in first }
        for server in servers {
            rival.observations[.of(server)] = KnownServer.server(server, holding: seen).observation
        }
        return rival
    }
}
