package import Effects
package import KubeAPI
package import KubeRuntime
package import Logging

/// The operator as one tree of tasks: reflectors, workers and one agent a server.
///
/// Nothing in it knows processes, signals or real clocks, so that a simulation can run it whole.
package struct Operator: Sendable {
    private let options: OperatorOptions
    private let client: KubeClient
    private let effects: Effects
    private let logger: Logger
    private let events: EventRecorder?
    private let readiness: Readiness
    private let metrics: OperatorMetrics?

    /// What a process does while it may act; see ``run(_:)``.
    package typealias Work = @Sendable () async throws -> Void

    /// An operator that reaches servers through `effects`, and the API server through `client`.
    ///
    /// Both go through one gate: put the same ``GatedTransport`` into them.
    package init(
        options: OperatorOptions, client: KubeClient, effects: Effects, events: EventRecorder? = nil,
        readiness: Readiness = Readiness(), metrics: OperatorMetrics? = nil, logger: Logger
    ) {
        self.options = options
        self.client = client
        self.effects = effects
        self.events = events
        self.readiness = readiness
        self.metrics = metrics
        self.logger = logger
    }

    /// Keeps the caches warm, and works while `lead` lets it: the operator ends when `lead` returns.
    ///
    /// - Parameter lead: Runs the work when this process may act.
    /// - Throws: What `lead` throws, and `CancellationError`.
    package func run(
        _ lead: @escaping @Sendable (@escaping Work) async throws -> Void = { try await $0() }
    ) async throws {
        let view = ClusterView(options)
        let registry = ServerRegistry()
        defer {
            view.close()
            registry.close()
        }
        let queue = WorkQueue<NamespacedName>(time: effects.time, random: effects.random) { [metrics] waited in
            metrics?.waited(waited)
        }
        view.feed(queue) { registry.users(ofOwner: $0) }
        client.contact.onReturn { queue.retryFailed(within: Self.returnSpread) }
        let discovered = WorkQueue<NamespacedName>(time: effects.time, random: effects.random)
        let pace = DiscoveryPace()
        view.feedDiscovery(discovered, pace) { registry.watchers(ofOwner: $0) }
        client.contact.onReturn { discovered.retryFailed(within: Self.returnSpread) }
        metrics?.collect(queue: queue, view: view, registry: registry)

        let slots = LoadSlots(options.maxConcurrentLoads)
        let context = ServerAgent.Context(
            effects: effects, slots: slots, credentials: Credentials(client: client, options: options),
            probeInterval: options.probeInterval, logger: logger, mayContact: { view.mayContact($0) },
            changed: { connection, change in
                let backlog = queue.depth + queue.delayedCount
                for key in registry.users(of: connection, concernedBy: change) {
                    queue.add(key, after: registry.patience(for: key, backlog: backlog))
                }
                for service in registry.watchers(of: connection) {
                    discovered.add(service, after: pace.patience(for: service))
                }
            },
            leftOpen: { agent, name, load in registry.share(load, of: name, from: agent) },
            loaded: { [metrics] in metrics?.loaded(in: $0) })
        let inspector = options.checkFiles.map { check in
            FilesInspector(time: effects.time, check: check) { queue.add($0) }
        }
        let gatherer = SituationGatherer(
            view: view, registry: registry, options: options, time: effects.time, inspector: inspector,
            makeAgent: { ServerAgent($0, context) })
        let reconciler = AdapterReconciler(
            gatherer: gatherer, client: client, time: effects.time, events: events, metrics: metrics, logger: logger)
        let controller = Controller(
            name: "loraadapter", queue: queue, workers: options.workers, time: effects.time, logger: logger,
            onReport: { [metrics] in metrics?.reconciled($0) }
        ) { try await reconciler.reconcile($0) }

        let models = ServedModelReconciler(
            view: view, pace: pace, registry: registry, client: client, time: effects.time, events: events,
            logger: logger, makeAgent: { ServerAgent($0, context) })
        let discovery = Controller(
            name: "servedmodel", queue: discovered, workers: 1, time: effects.time, logger: logger
        ) { try await models.reconcile($0) }

        try await withThrowingTaskGroup(of: Void.self) { group in
            reflect(view.models, in: &group)
            reflect(view.adapters, in: &group)
            reflect(view.services, in: &group)
            reflect(view.slices, in: &group)
            reflect(view.pods, in: &group)
            group.addTask {
                try await view.waitUntilSynced()
                readiness.synced()
                logger.info(
                    "caches synced", metadata: ["adapters": "\(view.adapters.count)", "pods": "\(view.pods.count)"])
                try await lead {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask { await registry.run() }
                        group.addTask { try await controller.run() }
                        if let inspector { group.addTask { await inspector.run() } }
                        group.addTask {
                            // Adapters are loaded whether or not models can be shown.
                            try await view.models.waitUntilSynced()
                            try await discovery.run()
                        }
                        if let events { group.addTask { try await events.run() } }
                        defer { group.cancelAll() }
                        try await group.next()
                    }
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Lets go of what can be had again, where memory is short.
    package static func shedCaches() { Pools.forgetAll() }

    /// The time in which objects that failed while the API server was away are looked at again.
    private static let returnSpread = Duration.seconds(3)

    private func reflect<Object: KubeObject>(_ store: Store<Object>, in group: inout ThrowingTaskGroup<Void, any Error>)
    {
        var callbacks = Reflector<Object>.Callbacks()
        let plural = Object.resource.plural
        let heard = LastHeard()
        callbacks.status = { [logger, readiness, time = effects.time] status in
            switch status {
            case .listing: break
            case .watching:
                readiness.reads(plural)
                heard.hear(at: time.now)
            case .waiting(let error, _):
                // Told once, not with every attempt.
                guard readiness.waits(for: plural, error) else { return }
                logger.warning(
                    "cannot read",
                    metadata: ["resource": "\(plural)", "error": "\(error)", "remedy": "\(error.remedy)"])
            }
        }
        callbacks.heard = { [time = effects.time] in heard.hear(at: time.now) }
        metrics?.collect(plural, heard: heard, time: effects.time)
        callbacks.late = { [logger] elapsed in
            logger.warning(
                "the first list is still not whole",
                metadata: ["resource": "\(plural)", "seconds": "\(elapsed.components.seconds)"])
        }
        callbacks.inconsistent = { [logger, metrics, options] differences in
            logger.error(
                "a cache was wrong and is read again",
                metadata: [
                    "resource": "\(plural)", "objects": "\(differences.count)", "first": "\(differences.prefix(3))",
                ])
            metrics?.foundInconsistent(plural)
            options.onInconsistentCache(plural)
        }
        if options.cacheCheckInterval != nil { metrics?.foundInconsistent(plural, times: 0) }
        callbacks.undecodable = { [logger] object in
            logger.warning("an object cannot be read", metadata: ["resource": "\(plural)", "object": "\(object)"])
        }
        for namespace in options.scopes {
            let reflector = Reflector(
                client: client, store: store, namespace: namespace, checkInterval: options.cacheCheckInterval,
                callbacks: callbacks)
            group.addTask { try await reflector.run() }
        }
    }
}
