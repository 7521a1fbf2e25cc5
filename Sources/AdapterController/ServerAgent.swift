import AdapterPlanning
import Effects
import KubeAPI
import Logging
import Synchronization
import VLLMAPI

/// Watches one server over one connection and does what objects ask of it, one thing at a time.
///
/// `/v1/models` has no watch, so a probe an interval plays reflector for it; an ended action asks for one more.
final class ServerAgent: Sendable {
    struct State {
        var record: ServerRecord
        var pending = PendingActions()
        var isReady = false
        var endpoint: VLLMEndpoint?
        /// The delay before the next probe of a server that is starting.
        var startDelay = Duration.seconds(1)
        var confirmedAt = Duration.zero
        /// An action waits for the next list.
        var isRefreshing = false
        var facts = ServerFacts()

        /// How many adapters the server listed last.
        var entries: Int { record.observation.lastListing?.adapters.count ?? 0 }
    }

    let connection: Connection
    let context: Context
    let state: Mutex<State>
    let probeBell = Doorbell()
    let actionBell = Doorbell()
    private let stopBell = Doorbell()

    init(_ connection: Connection, _ context: Context) {
        self.connection = connection
        self.context = context
        state = Mutex(State(record: ServerRecord(since: context.effects.time.now)))
    }

    var observation: ServerObservation { state.withLock { $0.record.observation } }

    /// Tells what Kubernetes says of the pod; a server that just became ready is looked at again.
    func update(isReady: Bool) {
        let isNews = state.withLock { state in
            defer { state.isReady = isReady }
            guard isReady, !state.isReady else { return false }
            if case .listed = state.record.observation.answer { return false }
            return true
        }
        if isNews { probeBell.ring() }
    }

    /// Takes over loads that went out through another connection, and may have reached this server.
    func inherit(_ attempts: [String: Attempt]) {
        state.withLock { $0.record.inherit(attempts, now: context.effects.time.now) }
    }

    /// Replaces the action that the object `key` asks for.
    func submit(_ action: ServerAction?, for key: NamespacedName) {
        if state.withLock({ $0.pending.set(action, for: key) }) { actionBell.ring() }
    }

    /// Takes back the action that the object `key` asked for, unless it is this one.
    func withdraw(unless action: ServerAction?, for key: NamespacedName) {
        state.withLock { state in
            if state.pending[key] != action { _ = state.pending.set(nil, for: key) }
        }
    }

    /// Whether an end of something that `key` asked for is still to come, under one of its names.
    func isBusy(for key: NamespacedName, _ names: Set<String>) -> Bool {
        state.withLock { state in
            state.pending[key] != nil
                || names.contains { name in
                    switch state.record.observation.attempts[name]?.outcome {
                    case .inFlight, .answered: true
                    case .failed, .unknown, nil: false
                    }
                }
        }
    }

    /// Ends ``run()``.
    func stop() { stopBell.ring() }

    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.probeLoop() }
            group.addTask { await self.actionLoop() }
            group.addTask { await self.stopBell.wait() }
            await group.next()
            group.cancelAll()
        }
    }

    // MARK: Probing

    private func probeLoop() async {
        while !Task.isCancelled {
            await probe()
            await probeBell.wait(atMost: nextDelay(), context.effects.time)
            try? await context.effects.time.sleep(for: pause())
        }
    }

    /// How long lists have to be apart: where actions trickle in, the longer a list, the more of them it confirms.
    private func pause() -> Duration {
        state.withLock { state in
            let due = state.confirmedAt + .milliseconds(5) + .microseconds(15 * state.entries)
            return max(.zero, due - context.effects.time.now)
        }
    }

    private func nextDelay() -> Duration {
        state.withLock { state in
            guard state.record.observation.answer == .awaiting else {
                state.startDelay = .seconds(1)
                return context.probeInterval
            }
            defer { state.startDelay = min(state.startDelay * 2, context.probeInterval) }
            return min(state.startDelay, context.probeInterval)
        }
    }

    private func probe() async {
        guard context.mayContact(connection) else {
            // Nothing is known of it, and nobody may wait for an answer that never comes.
            return failed(.connectionRefused, "not contacted: its pod is gone, or its address is not allowed")
        }
        let requestedAt = context.effects.time.now
        let stamp = state.withLock { $0.record.probeStarted() }
        do {
            let endpoint = try await endpoint()
            let listing = Listing(
                try await list(endpoint), after: observation.lastListing, stamp: stamp, requestedAt: requestedAt)
            if try await isConsistent(listing, endpoint) {
                await askFacts(endpoint, count: listing.adapters.count)
                report(state.withLock { $0.record.listed(listing) })
            } else {
                failed(.inconsistentReplica, "its lists come and go: several API processes with adapters of their own?")
            }
        } catch let problem as Credentials.Problem {
            failed(problem.reason, problem.message)
        } catch let error as VLLMError {
            // A Secret may have changed: it is read again with the next probe.
            if error.reason == .unauthorized || error.reason == .tlsFailed { state.withLock { $0.endpoint = nil } }
            failed(Reason(error), error.message)
        } catch {
            // Cancelled, or the API server could not be asked for the Secret: nothing is known that was not before.
        }
        let isAwaited = state.withLock { state in
            state.confirmedAt = context.effects.time.now
            return state.isRefreshing
        }
        if isAwaited { actionBell.ring() }
    }

    /// Asks for what seldom changes, before anything is decided by a list.
    private func askFacts(_ endpoint: VLLMEndpoint, count: Int) async {
        let client = client(at: endpoint)
        let (asksVersion, asksLimit) = state.withLock { state in
            if case .listed = state.record.observation.answer {} else { state.facts = ServerFacts() }
            return (state.facts.asksVersion(), state.facts.asksLimit(count: count, now: context.effects.time.now))
        }
        if asksVersion, let version = try? await client.version() {
            report(
                state.withLock { state in
                    state.facts.hasVersion = true
                    return state.record.told(version: version)
                })
        }
        if asksLimit, let limits = try? await client.loraLimits(), let limit = limits.maxCPULoRAs ?? limits.maxLoRAs {
            report(
                state.withLock { state in
                    state.facts.hasLimit = true
                    return state.record.told(adapterLimit: limit)
                })
        }
    }

    /// Whether what the server lists can be believed; one that is in doubt is asked a few times more.
    private func isConsistent(_ listing: Listing, _ endpoint: VLLMEndpoint) async throws -> Bool {
        let (isInDoubt, steps) = state.withLock { state in
            (state.record.consistency.isInconsistent || state.record.isSurprising(listing), state.record.steps)
        }
        guard isInDoubt else { return true }
        let client = client(at: endpoint)
        var lists = [listing.adapters]
        for _ in 0..<ReplicaConsistency.questions {
            lists.append(try await client.models().entries(after: listing.adapters))
        }
        return state.withLock { state in
            // What was done meanwhile explains what differs.
            guard state.record.steps == steps else { return !state.record.consistency.isInconsistent }
            return state.record.consistency.believes(lists, before: state.record.observation.lastListing?.adapters)
        }
    }

    /// One lost probe does not flap: after a timeout the question is asked once more at once.
    private func list(_ endpoint: VLLMEndpoint) async throws -> ModelList {
        let client = client(at: endpoint)
        do {
            return try await client.healthyModels()
        } catch let error as VLLMError where error.reason == .requestTimeout || error.reason == .connectTimeout {
            if case .blind = observation.answer { throw error }
            return try await client.healthyModels()
        }
    }

    private func failed(_ reason: Reason, _ message: String) {
        context.slots.forsake(connection.place)
        let time = context.effects.time
        report(
            state.withLock { state in
                state.record.failed(
                    reason, message, isReady: state.isReady, now: time.now,
                    timestamp: Timestamp.seconds(time.unixTime))
            })
    }

    private func endpoint() async throws -> VLLMEndpoint {
        if let endpoint = state.withLock({ $0.endpoint }) { return endpoint }
        let endpoint = try await context.credentials.endpoint(for: connection)
        state.withLock { $0.endpoint = endpoint }
        return endpoint
    }

    func client(at endpoint: VLLMEndpoint, timeouts: VLLMTimeouts = VLLMTimeouts()) -> VLLMClient {
        VLLMClient(endpoint: endpoint, http: context.effects.http, timeouts: timeouts)
    }

    func report(_ change: ServerRecord.Change) {
        if change != .nothing { context.changed(connection, change) }
    }
}
