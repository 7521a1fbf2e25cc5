import AdapterPlanning
import KubeAPI
import VLLMAPI

@testable import AdapterController

/// A vLLM server in memory, and what the operator knows of it.
struct ModelServer {
    var server: Server
    var isUp = true
    /// Paths by adapter name.
    var adapters: [String: String] = [:]
    var record = ServerRecord(since: .zero)
    var pending = PendingActions()
    /// The request that the server works on, with what is to become of it.
    var running: (action: ServerAction, outcome: Attempt.Outcome, hasEffect: Bool)?
    /// Loads that nobody waits for any more, and that will be done all the same.
    var late: [ServerAction] = []
    private var starts = 0

    init(_ name: String) {
        server = Server(
            id: ServerID(owner: "uid-\(name)", port: 8000), name: name, address: "10.0.0.1", incarnation: "\(name)-0")
    }

    mutating func probe(now: Duration) {
        guard isUp else {
            _ = record.failed(
                .connectionRefused, "refused", isReady: starts == 0, now: now, timestamp: "2026-01-01T00:00:00Z")
            return
        }
        let stamp = record.probeStarted()
        let cards = adapters.sorted { $0.key < $1.key }.map { ModelCard(id: $0.key, root: $0.value, parent: "llama") }
        _ = record.listed(
            Listing(
                ModelList(baseModels: [ModelCard(id: "llama")], adapters: cards),
                after: record.observation.lastListing, stamp: stamp, requestedAt: now))
    }

    /// Takes the oldest action up, with a given outcome.
    ///
    /// An unload is for the entry that the plan saw.
    mutating func start(_ outcome: Attempt.Outcome, hasEffect: Bool, now: Duration) {
        guard running == nil, isUp, let action = pending.take() else { return }
        if case .unload(let name, let path) = action, record.observation.lastListing?.adapters[name]?.root != path {
            return
        }
        record.started(action, now: now)
        running = (action, outcome, hasEffect)
    }

    mutating func finish(now: Duration) {
        guard let request = running else { return }
        running = nil
        if request.hasEffect { apply(request.action) }
        _ = record.ended(request.action, request.outcome, now: now)
    }

    mutating func apply(_ action: ServerAction) {
        switch action {
        case .load(let name, let path, _, _): if adapters[name] == nil { adapters[name] = path }
        case .replace(let name, _, let path, _, _, _, _): adapters[name] = path
        case .unload(let name, _): adapters[name] = nil
        }
    }

    /// The operator's process ends: what it sent is done, what it knew is gone.
    mutating func forget(now: Duration) {
        if let request = running, request.hasEffect { apply(request.action) }
        for action in late { apply(action) }
        (running, late) = (nil, [])
        (record, pending) = (ServerRecord(since: now), PendingActions())
    }

    /// The container starts anew, and with it nothing is loaded.
    mutating func restart(now: Duration) {
        starts += 1
        (adapters, running, late, isUp) = ([:], nil, [], true)
        server.incarnation = "\(server.name)-\(starts)"
        (record, pending) = (ServerRecord(since: now), PendingActions())
    }
}
