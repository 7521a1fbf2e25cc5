import AdapterPlanning
import Effects
import KubeAPI
import KubeRuntime
import Logging

/// Brings the ServedModels of one Service to what its servers say.
///
/// It asks no server itself: the agents that watch servers for LoRAAdapters serve it as well.
struct ServedModelReconciler: Sendable {
    var view: ClusterView
    var pace: DiscoveryPace
    var registry: ServerRegistry
    var client: KubeClient
    var time: any TimeSource
    var events: EventRecorder?
    var logger: Logger
    let conflicts = ConflictPauses()
    var makeAgent: @Sendable (Connection) -> ServerAgent

    func reconcile(_ key: NamespacedName) async throws -> ReconcileResult {
        guard let service = view.services.get(key), let target = view.discoveryTarget(of: service) else {
            _ = registry.watch([], for: key, make: makeAgent)
            pace.forget(key)
            conflicts.forget(key)
            for model in view.models(of: key) { try await delete(model) }
            return .done
        }
        let began = time.now
        let situation = situation(of: service, target)
        let plan = situation.plan()
        pace.took(time.now - began, for: key)
        var hasWritten = false
        for change in plan {
            do {
                hasWritten = try await perform(change, of: service) || hasWritten
            } catch let error as APIError where error.isConflict || error.isNotFound {
                // Somebody else was faster: the watch brings what is there now.
                return .requeue(after: max(pace.patience(for: key), conflicts.next(for: key)))
            }
        }
        conflicts.forget(key)
        // A created object has no status yet.
        if hasWritten { return .requeue(after: .zero) }
        return .done
    }

    private func situation(of service: Service, _ target: AdapterSpec.Target) -> ServedModelSituation {
        let namespace = service.metadata.namespace
        var situation = ServedModelSituation(service: service.metadata.name)
        situation.timestamp = Timestamp.seconds(time.unixTime)
        situation.isManaged = { [view] in view.isManaged($0, $1, in: namespace) }
        for model in view.models(of: service.key) { situation.stored[model.metadata.name] = .some(model.status) }
        var servers: [Server] = []
        switch view.target(target.service, in: namespace).target {
        case .servers(let found): servers = found
        case .unusable(let reason, let message): situation.problem = SpecProblem(reason: reason, message: message)
        }
        let observations = registry.watch(
            view.connections(to: servers, of: target, in: namespace), for: service.key, make: makeAgent)
        situation.servers = servers.map { .init($0, observations[$0.id] ?? ServerObservation()) }
        return situation
    }

    /// Returns whether an object was made, whose status is still to be written.
    private func perform(_ change: ServedModelChange, of service: Service) async throws -> Bool {
        let key = NamespacedName(namespace: service.metadata.namespace, name: change.name)
        let present = view.models.get(key)
        if let present, present.service != service.key {
            tell(of: key, service)
            return false
        }
        switch change {
        case .delete:
            if let present { try await delete(present) }
            return false
        case .write(_, let status):
            guard let present else { return try await create(key, of: service) }
            guard present.owners == [service.metadata.uid] else {
                // Of a Service that is gone; the next look makes it anew.
                try await delete(present)
                return false
            }
            let after: ServedModel = try await client.apply(
                StatusPatch(status, of: present), key, subresource: "status",
                fieldManager: LoRAAdapter.fieldManager)
            view.models.wrote(after)
            return false
        }
    }

    /// Returns whether it is there by now.
    private func create(_ key: NamespacedName, of service: Service) async throws -> Bool {
        let model: ServedModel = try await client.create(
            ServedModel.Creation(key.name, of: service), in: key.namespace, fieldManager: LoRAAdapter.fieldManager)
        logger.info("discovered a model", metadata: ["model": "\(model.key)", "service": "\(service.key)"])
        view.models.put(model)
        return true
    }

    private func delete(_ model: ServedModel) async throws {
        guard !model.metadata.isTerminating else { return }
        do {
            try await client.delete(ServedModel.self, model.key, uid: model.metadata.uid)
        } catch let error as APIError where error.isNotFound || error.isConflict {
            // Gone, or another one by now.
        }
    }

    private func tell(of key: NamespacedName, _ service: Service) {
        let note = "ServedModel \(key.name) was made by somebody else and is left alone; delete it to see this model"
        logger.warning("a name is taken", metadata: ["model": "\(key)", "service": "\(service.key)"])
        events?.record(
            Event(
                regarding: ObjectReference(to: service), level: .warning, reason: "Conflict", action: "Observe",
                note: note))
    }
}
