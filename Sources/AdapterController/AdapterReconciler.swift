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
    /// Between two attempts at a write that is refused for what it says.
    static let refusalInterval = Duration.seconds(60)
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
    private let repairs = Mutex<[NamespacedName: RepairsUnderWay]>([:])
    /// Statuses that did not stand as they were written: something changes what the server stores.
    private let disputed = Mutex<[NamespacedName: AdapterStatus]>([:])
    /// When the finalizer was put to an object, and its uid.
    private let additions = Mutex<[NamespacedName: (uid: String, at: Duration)]>([:])
    private let conflicts = ConflictPauses()
    /// Objects that may be gone, with their finalizer, or whose claims may be: that write had no answer, or found nothing.
    private let doubtful = Mutex<Set<NamespacedName>>([])
    /// The uids of objects that are gone, of which the watch has not told yet.
    private let released = Mutex<[NamespacedName: String]>([:])

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
            // Nobody claims what it had any more: somebody else may have it.
            if released.withLock({ $0[key] }) == adapter.metadata.uid { return .done }
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
            if plan.finalizer == .add, let wait = waitBeforeAddition(to: adapter) { return .requeue(after: wait) }
            // What is there to be repaired does not wait for a status that tells of it. All else is written first: a
            // conflict says that the plan comes from an object that is no longer so.
            let isRepair = plan.isRepair(of: adapter.status)
            if isRepair { gatherer.registry.submit(plan.actions, for: key) }
            do {
                let hasWritten = try await write(plan, for: adapter)
                conflicts.forget(key)
                if !isRepair { gatherer.registry.submit(plan.actions, for: key) }
                warn(plan, of: adapter)
                // New claims and lines free the loads that waited for them; a repair waited for nothing.
                if isRepair || !hasWritten { return pause(plan, for: adapter) }
            } catch let error as APIError
                where error.isConflict || error.isNotFound || (plan.finalizer != .keep && error.isInvalid)
            {
                // Somebody else was faster, which a patch of finalizers learns by a failed test: the watch brings what
                // is there now.
                logger.debug("write overtaken", metadata: ["adapter": "\(key)", "error": "\(error)"])
                if error.isNotFound { _ = doubtful.withLock { $0.insert(key) } }
                gatherer.registry.submit([:], for: key)
                return .requeue(after: conflicts.next(for: key))
            } catch let error as APIError
                where error.outcomeIsUnknown && (plan.finalizer == .remove || plan.givesUpClaims(of: adapter.status))
            {
                _ = doubtful.withLock { $0.insert(key) }
                throw error
            } catch let error as APIError where error.isFinal {
                // The same again would be refused again; whatever changes the object brings it back here before that.
                logger.error("write refused", metadata: ["adapter": "\(key)", "error": "\(error)"])
                gatherer.registry.submit(plan.actions, for: key)
                return .requeue(after: Self.refusalInterval)
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

    /// Somebody takes the finalizer away again: it is put back once a minute, and nothing is loaded meanwhile.
    private func waitBeforeAddition(to adapter: LoRAAdapter) -> Duration? {
        guard let last = additions.withLock({ $0[adapter.key] }), last.uid == adapter.metadata.uid else { return nil }
        let wait = last.at + Self.refusalInterval - time.now
        return wait > .zero ? wait : nil
    }

    /// Asks the API server where a finalizer or a claim may have been removed: nothing is to be loaded or unloaded
    /// under a claim that is gone, and the watch that would say so may be late.
    private func exists(_ adapter: LoRAAdapter) async throws -> Bool {
        let key = adapter.key
        guard doubtful.withLock({ $0.contains(key) }) else { return true }
        gatherer.registry.submit([:], for: key)
        // A list of one: permission to list is there anyway, and permission to get is not.
        let options = ListOptions(fieldSelector: "metadata.name=\(key.name)", limit: nil)
        let list = try await client.list(LoRAAdapter.self, in: key.namespace, options)
        _ = doubtful.withLock { $0.remove(key) }
        guard let present = list.items.first(where: { $0.metadata.uid == adapter.metadata.uid }) else {
            released.withLock { $0[key] = adapter.metadata.uid }
            return false
        }
        gatherer.view.adapters.wrote(present)
        return true
    }

    /// Writes what the plan asks for, one thing at a time.
    /// - Returns: whether something was written.
    private func write(_ plan: AdapterPlan, for adapter: LoRAAdapter) async throws -> Bool {
        let key = adapter.key
        switch plan.finalizer {
        case .add:
            guard let patch = finalizer.addition(to: adapter.metadata) else { return false }
            gatherer.view.adapters.wrote(
                try await client.patch(LoRAAdapter.self, key, json: patch, fieldManager: LoRAAdapter.fieldManager))
            additions.withLock { $0[key] = (adapter.metadata.uid, time.now) }
            return true
        case .remove:
            guard let patch = finalizer.removal(from: adapter.metadata) else { return false }
            let after = try await client.patch(
                LoRAAdapter.self, key, json: patch, fieldManager: LoRAAdapter.fieldManager)
            if after.metadata.finalizers.isEmpty {
                released.withLock { $0[key] = adapter.metadata.uid }
            } else {
                gatherer.view.adapters.wrote(after)
            }
            tell(StatusEvent.release(of: adapter.status, abandoned: plan.abandoned), adapter)
            return false
        case .keep: break
        }
        guard let status = plan.status else { return false }
        follow(status, of: adapter)
        guard status != adapter.status, mayWrite(status, over: adapter) else { return false }
        let after: LoRAAdapter = try await client.apply(
            StatusPatch(status, of: adapter), key, subresource: "status", fieldManager: LoRAAdapter.fieldManager)
        lastWrites.withLock { $0[key] = time.now }
        gatherer.view.adapters.wrote(after)
        tell(plan.news + StatusEvent.between(adapter.status, status), adapter)
        if after.status != status { try await overwrite(after, with: status) }
        return true
    }

    /// Puts right what an apply cannot: fields of our status that somebody else wrote, and so owns.
    private func overwrite(_ adapter: LoRAAdapter, with status: AdapterStatus) async throws {
        let key = adapter.key
        let after = try await client.patch(
            LoRAAdapter.self, key, json: StatusRepair.operations(on: adapter, towards: status), subresource: "status",
            fieldManager: LoRAAdapter.fieldManager)
        gatherer.view.adapters.wrote(after)
        let stands = after.status == status
        disputed.withLock { $0[key] = stands ? nil : status }
        if !stands { logger.error("status does not stand as it was written", metadata: ["adapter": "\(key)"]) }
    }

    /// What programs read is written at once; counts on the way there wait their turn, and a repair that has just begun
    /// may end before it is told of.
    private func mayWrite(_ status: AdapterStatus, over adapter: LoRAAdapter) -> Bool {
        let old = adapter.status
        guard grace(for: status, over: adapter) == nil else { return false }
        if disputed.withLock({ $0[adapter.key] }) == status { return wait(for: adapter.key) == nil }
        let isNews =
            status.phase != old.phase || status.claims != old.claims
            || status.observedGeneration != old.observedGeneration
            || status.conditions.map(\.verdicts) != old.conditions.map(\.verdicts)
        return isNews || wait(for: adapter.key) == nil
    }

    /// How long the next minor write of the object has to wait.
    private func wait(for key: NamespacedName) -> Duration? {
        let isDisputed = disputed.withLock { $0[key] != nil }
        let interval = isDisputed ? Self.refusalInterval : Self.statusInterval
        let due = lastWrites.withLock { $0[key] }.map { $0 + interval - time.now }
        return due.flatMap { $0 > .zero ? $0 : nil }
    }

    private func grace(for status: AdapterStatus, over adapter: LoRAAdapter) -> Duration? {
        repairs.withLock { $0[adapter.key]?.grace(for: status, over: adapter.status, now: time.now) }
    }

    private func pause(_ plan: AdapterPlan, for adapter: LoRAAdapter) -> ReconcileResult {
        var delay = plan.wakeAfter
        if let status = plan.status, status != adapter.status, plan.finalizer == .keep,
            let wait = grace(for: status, over: adapter) ?? wait(for: adapter.key)
        {
            delay = min(delay ?? wait, wait)
        }
        return delay.map { .requeue(after: $0) } ?? .done
    }

    /// Counts what servers have lost, and tells what they have again.
    private func follow(_ status: AdapterStatus, of adapter: LoRAAdapter) {
        let (causes, news) = repairs.withLock { repairs in
            var open = repairs[adapter.key] ?? RepairsUnderWay(stored: adapter.status)
            defer {
                repairs[adapter.key] = open.isOver ? nil : open
                if repairs.isEmpty { repairs = [:] }
            }
            return open.follow(to: status, now: time.now)
        }
        metrics?.repairing(causes)
        tell(news, adapter)
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
        repairs.withLock { $0[key] = nil }
        conflicts.forget(key)
        disputed.withLock { $0[key] = nil }
        additions.withLock { $0[key] = nil }
        _ = doubtful.withLock { $0.remove(key) }
        released.withLock { $0[key] = nil }
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
