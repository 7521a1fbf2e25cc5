import AdapterPlanning

/// A server together with what is known of it.
struct KnownServer {
    var server: Server
    var observation: ServerObservation

    /// A server that lists `holding`, as name to path, beside its base model.
    static func server(
        _ name: String, port: Int = 8000, holding: [String: String] = [:], base: [String] = ["llama"],
        attempts: [String: Attempt] = [:]
    ) -> KnownServer {
        let entries = holding.mapValues { Listing.Entry(root: $0, parent: base.first ?? "") }
        let listing = Listing(baseModels: base, adapters: entries, stamp: 100, requestedAt: .seconds(10_000))
        return KnownServer(
            server: .named(name, port: port),
            observation: ServerObservation(answer: .listed(listing), lastListing: listing, attempts: attempts))
    }

    /// A server that says nothing of its adapters now; `lastHolding` is what its last list showed.
    static func blind(
        _ name: String, _ reason: Reason = .connectTimeout, lastHolding: [String: String]? = nil,
        attempts: [String: Attempt] = [:]
    ) -> KnownServer {
        let listing = lastHolding.map { holding in
            Listing(
                baseModels: ["llama"], adapters: holding.mapValues { Listing.Entry(root: $0, parent: "llama") },
                stamp: 100, requestedAt: .seconds(10_000))
        }
        return KnownServer(
            server: .named(name),
            observation: ServerObservation(
                answer: .blind(reason, "no answer"), lastListing: listing,
                lastSeen: listing == nil ? nil : "2026-01-01T00:00:00Z", attempts: attempts))
    }

    /// A server that was not asked yet.
    static func pending(_ name: String) -> KnownServer {
        KnownServer(server: .named(name), observation: ServerObservation())
    }

    /// A server that refuses connections and never answered.
    static func awaiting(_ name: String) -> KnownServer {
        KnownServer(server: .named(name), observation: ServerObservation(answer: .awaiting))
    }

    /// The same server in a pod that is going away.
    var terminating: KnownServer {
        var copy = self
        copy.server.isTerminating = true
        return copy
    }
}

extension Server {
    static func named(_ name: String, port: Int = 8000) -> Server {
        Server(
            id: ServerID(owner: "uid-\(name)", port: port), name: name, address: "10.0.0.1",
            incarnation: "containerd://\(name)")
    }
}

extension ServerID {
    static func of(_ name: String, port: Int = 8000) -> ServerID { ServerID(owner: "uid-\(name)", port: port) }
}

extension Attempt {
    /// A load that ended before the builders' lists were asked for.
    static func load(
        _ path: String, _ outcome: Outcome, previous: Failure? = nil, count: Int = 1, endedAt: Duration = .zero,
        stamp: Int = 50
    ) -> Attempt {
        Attempt(
            .load, path: path, outcome: outcome, previous: previous, count: count, startedAt: endedAt, endedAt: endedAt,
            stamp: stamp)
    }

    /// A load of `/adapters/sql`.
    static func load(
        _ outcome: Outcome, previous: Failure? = nil, count: Int = 1, endedAt: Duration = .zero, stamp: Int = 50
    ) -> Attempt {
        load("/adapters/sql", outcome, previous: previous, count: count, endedAt: endedAt, stamp: stamp)
    }

    static func unload(
        _ path: String, _ outcome: Outcome, previous: Failure? = nil, count: Int = 1, endedAt: Duration = .zero,
        stamp: Int = 50
    ) -> Attempt {
        Attempt(
            .unload, path: path, outcome: outcome, previous: previous, count: count, startedAt: endedAt,
            endedAt: endedAt, stamp: stamp)
    }

    /// An unload of `/adapters/sql`.
    static func unload(
        _ outcome: Outcome, previous: Failure? = nil, count: Int = 1, endedAt: Duration = .zero, stamp: Int = 50
    ) -> Attempt {
        unload("/adapters/sql", outcome, previous: previous, count: count, endedAt: endedAt, stamp: stamp)
    }
}

extension Attempt.Outcome {
    static func failed(_ reason: Reason, _ message: String = "told by the server") -> Attempt.Outcome {
        .failed(Attempt.Failure(reason, message))
    }
}
