import AdapterPlanning
import Effects
import KubeAPI
import KubeRuntime
import Logging
import Synchronization

/// Plans one object from all that is known now, hands actions to servers and writes the status where it differs.
final class AdapterReconciler: Sendable {
    /// Between two writes of one status that only counts on; what matters to programs is written at once.
    static let statusInterval = Duration.seconds(1)
    /// Writes of one object in a row before it goes back to the queue.
    private static let rounds = 4

    private let gatherer: SituationGatherer
    private let client: KubeClient
    private let time: any TimeSource
    private let events: EventRecorder?
    private let metrics: OperatorMetrics?
    private let logger: Logger
    private let finalizer = Finalizer(LoRAAdapter.finalizer)
    private let lastWrites = Mutex<[NamespacedName: Duration]>([:])
    private let warnings = Mutex<[NamespacedName: ToldWarnings]>([:])
    private let drifts = Mutex<[NamespacedName: OpenDrifts]>([:])
    /// Objects whose finalizer may be gone, and they with it: the removal had no answer.
    private let doubtful = Mutex<Set<NamespacedName>>([])

    init(
        gatherer: SituationGatherer, client: KubeClient, time: any TimeSource, events: EventRecorder?,
        metrics: OperatorMetrics? = nil, logger: Logger
    ) {
        self.gatherer = gatherer
        self.client = client
        self.time = time
        self.events = events
        self.metrics = metrics
        self.logger = logger
    }

    func reconcile(_ key: NamespacedName) async throws -> ReconcileResult {
        for _ in 0..<Self.rounds {
            guard let adapter = gatherer.view.adapters.get(key) else {
                forget(key)
                return .done
            }
            guard try await exists(adapter) else { return .done }
            let situation = gatherer.situation(of: adapter)
            let plan = situation.plan()
            gatherer.registry.withdraw(allBut: plan.actions, for: key)
            // What a server took up after it was looked at, and before it was withdrawn, the plan knows nothing of: it
            // would give up the claim on what is being loaded.
            if gatherer.registry.hasStarted(adapter.names, by: key, since: situation.observations) { continue }
            logger.debug(
                "planned",
                metadata: [
                    "adapter": "\(key)", "actions": "\(plan.actions.count)", "phase": "\(plan.status?.phase ?? "")",
                    "wake": "\(plan.wakeAfter.map { "\($0)" } ?? "")",
                ])
            // What is there to be repaired does not wait for a status that tells of it. All else is written first: a
            // conflict says that the plan comes from an object that is no longer so.
            let isRepair = plan.isRepair(of: adapter.status)
            if isRepair { gatherer.registry.submit(plan.actions, for: key) }
            do {
                let hasWritten = try await write(plan, for: adapter)
                if !isRepair { gatherer.registry.submit(plan.actions, for: key) }
                warn(plan, of: adapter)
                if !hasWritten { return pause(plan, for: adapter) }
            } catch let error as APIError
                where error.isConflict || error.isNotFound || (plan.finalizer != .keep && error.isInvalid)
            {
                // Somebody else was faster, which a patch of finalizers learns by a failed test: the watch brings what
                // is there now.
                logger.debug("write overtaken", metadata: ["adapter": "\(key)", "error": "\(error)"])
                gatherer.registry.submit([:], for: key)
                return .requeue(after: Self.statusInterval)
            } catch let error as APIError where plan.finalizer == .remove && error.outcomeIsUnknown {
                _ = doubtful.withLock { $0.insert(key) }
                throw error
            } catch {
                // Servers are repaired while the API server is away, by what is known after the wait for it.
                if let adapter = gatherer.view.adapters.get(key) {
                    gatherer.registry.submit(gatherer.situation(of: adapter).plan().actions, for: key)
                }
                throw error
            }
        }
        return .requeue(after: .zero)
    }

    /// Asks the API server where a finalizer was removed without an answer: what nobody claims any more is nobody's to
    /// unload, and the watch that would say so may be late.
    private func exists(_ adapter: LoRAAdapter) async throws -> Bool {
        let key = adapter.key
        guard doubtful.withLock({ $0.contains(key) }) else { return true }
        gatherer.registry.submit([:], for: key)
        // A list of one: permission to list is there anyway, and permission to get is not.
        let options = ListOptions(fieldSelector: "metadata.name=\(key.name)", limit: nil)
        let list = try await client.list(LoRAAdapter.self, in: key.namespace, options)
        guard let present = list.items.first(where: { $0.metadata.uid == adapter.metadata.uid }) else { return false }
        gatherer.view.adapters.wrote(present)
        _ = doubtful.withLock { $0.remove(key) }
        return true
    }

    /// Writes what the plan asks for, one thing at a time.
    /// - Returns: whether something was written, so that the object is to be planned again from what is there now.
    private func write(_ plan: AdapterPlan, for adapter: LoRAAdapter) async throws -> Bool {
        let key = adapter.key
        switch plan.finalizer {
        case .add:
            guard let patch = finalizer.addition(to: adapter.metadata) else { return false }
            gatherer.view.adapters.wrote(
                try await client.patch(LoRAAdapter.self, key, json: patch, fieldManager: LoRAAdapter.fieldManager))
            return true
        case .remove:
            guard let patch = finalizer.removal(from: adapter.metadata) else { return false }
            let after = try await client.patch(
                LoRAAdapter.self, key, json: patch, fieldManager: LoRAAdapter.fieldManager)
            // With no finalizer left the object is gone, and the watch says so.
            if !after.metadata.finalizers.isEmpty { gatherer.view.adapters.wrote(after) }
            tell(StatusEvent.release(of: adapter.status, abandoned: plan.abandoned), adapter)
            return false
        case .keep: break
        }
        guard let status = plan.status, status != adapter.status, mayWrite(status, over: adapter) else { return false }
        let after: LoRAAdapter = try await client.apply(
            StatusPatch(status, of: adapter), key, subresource: "status", fieldManager: LoRAAdapter.fieldManager)
        lastWrites.withLock { $0[key] = time.now }
        gatherer.view.adapters.wrote(after)
        tell(plan.news + StatusEvent.between(adapter.status, status), adapter)
        metrics?.repairing(Drift.between(adapter.status, status).map(\.cause))
        tell(repairs(from: adapter.status, to: status, of: key), adapter)
        // New claims and lines free the loads that waited for them.
        return !plan.isRepair(of: adapter.status)
    }

    /// What programs read is written at once; counts on the way there wait their turn.
    private func mayWrite(_ status: AdapterStatus, over adapter: LoRAAdapter) -> Bool {
        let old = adapter.status
        let isNews =
            status.phase != old.phase || status.claims != old.claims
            || status.observedGeneration != old.observedGeneration
            || status.conditions.map(\.verdicts) != old.conditions.map(\.verdicts)
        return isNews || wait(for: adapter.key) == nil
    }

    /// How long the next minor write of the object has to wait.
    private func wait(for key: NamespacedName) -> Duration? {
        let due = lastWrites.withLock { $0[key] }.map { $0 + Self.statusInterval - time.now }
        return due.flatMap { $0 > .zero ? $0 : nil }
    }

    private func pause(_ plan: AdapterPlan, for adapter: LoRAAdapter) -> ReconcileResult {
        var delay = plan.wakeAfter
        if let status = plan.status, status != adapter.status, plan.finalizer == .keep,
            let wait = wait(for: adapter.key)
        {
            delay = min(delay ?? wait, wait)
        }
        return delay.map { .requeue(after: $0) } ?? .done
    }

    /// What the servers that had lost the adapter, and have it again now, are to be told of.
    private func repairs(from old: AdapterStatus, to new: AdapterStatus, of key: NamespacedName) -> [StatusEvent] {
        drifts.withLock { drifts in
            var open = drifts[key] ?? OpenDrifts()
            defer { drifts[key] = open.isEmpty ? nil : open }
            return open.follow(from: old, to: new)
        }
    }

    /// Tells what has become worth a warning; a plan that knows too little to say anything has nothing to say of it either.
    private func warn(_ plan: AdapterPlan, of adapter: LoRAAdapter) {
        guard plan.status != nil, plan.finalizer == .keep else { return }
        let isKnown = adapter.status.phase != nil && adapter.status.observedGeneration == adapter.metadata.generation
        tell(
            warnings.withLock { $0[adapter.key, default: ToldWarnings()].news(plan.warnings, isKnown: isKnown) },
            adapter)
    }

    private func forget(_ key: NamespacedName) {
        gatherer.registry.release(key)
        gatherer.inspector?.forget(key)
        gatherer.firstLooks.forget(key)
        lastWrites.withLock { $0[key] = nil }
        warnings.withLock { $0[key] = nil }
        drifts.withLock { $0[key] = nil }
        _ = doubtful.withLock { $0.remove(key) }
    }

    /// Tells people what has changed, in the log and as events of the object.
    private func tell(_ news: [StatusEvent], _ adapter: LoRAAdapter) {
        for event in news {
            let level: Logger.Level = event.isWarning ? .warning : .info
            logger.log(
                level: level, "adapter event",
                metadata: ["adapter": "\(adapter.key)", "reason": "\(event.reason)", "note": "\(event.note)"])
            events?.record(
                Event(
                    regarding: ObjectReference(to: adapter), level: event.isWarning ? .warning : .normal,
                    reason: event.reason, action: event.action.rawValue, note: event.note))
        }
    }
}

extension APIError {
    fileprivate var isInvalid: Bool {
        if case .invalid = self { true } else { false }
    }
}

extension AdapterPlan {
    /// Whether it acts under the finalizer, the claims and the lines that are stored already.
    fileprivate func isRepair(of stored: AdapterStatus) -> Bool {
        guard finalizer == .keep else { return false }
        return status.map { $0.claims == stored.claims && $0.places == stored.places } ?? true
    }
}

extension AdapterStatus {
    /// Where the servers are that it lists.
    fileprivate var places: [String] { (servers ?? []).map { "\($0.name) \($0.port) \($0.address ?? "")" } }
}

extension [AdapterCondition] {
    /// What programs wait for.
    fileprivate var verdicts: [String] { map { "\($0.type) \($0.status.rawValue)" } }
}
