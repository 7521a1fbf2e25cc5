import Effects

/// Everything of a simulated server that changes.
struct ServerState: Sendable {
    var configuration: ServerConfiguration
    /// The adapters that each process knows.
    private var registries: [Registry] = []
    /// The process that the request at hand came to.
    var process = 0
    private var visits = 0
    /// False: connections are refused.
    var isListening = true
    /// False: `/health` is 503, while `/v1/models` still answers.
    var isEngineAlive = true
    /// Unloads are confirmed and not done.
    var ignoresUnloads = false
    /// Seconds since 1970.
    var processStart: Double
    /// Counts restarts, so that a request that waited through one knows.
    var incarnation = 0
    var faults: [(operation: SimulatedOperation?, fault: SimulatedFault, remaining: Int)] = []
    var counts: [SimulatedOperation: Int] = [:]
    var loadsByName: [String: Int] = [:]
    var mostLoadsAtOnce = 0
    /// The samples of `vllm:lora_requests_info`: adapter name and time.
    var usedAdapters: [(name: String, time: Double)] = []
    var completions = 0

    init(_ configuration: ServerConfiguration, processStart: Double) {
        self.configuration = configuration
        self.processStart = processStart
        loadStaticAdapters()
    }

    mutating func restart(at time: Double) {
        incarnation += 1
        processStart = time
        registries = []
        usedAdapters = []
        isEngineAlive = true
        isListening = true
        loadStaticAdapters()
    }

    private mutating func loadStaticAdapters() {
        var registry = Registry()
        for adapter in configuration.staticAdapters {
            registry.add(Registry.Entry(name: adapter.name, path: adapter.path))
        }
        registries = Array(repeating: registry, count: max(1, configuration.processes))
    }

    var registry: Registry {
        get { registries[process % registries.count] }
        // In place: a registry may hold thousands.
        _modify { yield &registries[process % registries.count] }
    }

    mutating func abortLoads() {
        for index in registries.indices { registries[index].abortLoads() }
    }

    mutating func settle(_ now: Duration) {
        for index in registries.indices {
            registries[index].settle(now, keepingDuplicates: !configuration.version.locksNames)
        }
    }

    /// Counts a request, and says what becomes of it.
    mutating func receive(_ operation: SimulatedOperation) -> (visit: Visit, fault: SimulatedFault?) {
        counts[operation, default: 0] += 1
        visits += 1
        let fault = takeFault(operation)
        let pretends = if case .pretend = fault { true } else { false }
        let process = visits % registries.count
        return (
            Visit(configuration: configuration, incarnation: incarnation, process: process, pretends: pretends), fault
        )
    }

    private mutating func takeFault(_ operation: SimulatedOperation) -> SimulatedFault? {
        guard let index = faults.firstIndex(where: { $0.operation == nil || $0.operation == operation }) else {
            return nil
        }
        faults[index].remaining -= 1
        let fault = faults[index].fault
        if faults[index].remaining <= 0 { faults.remove(at: index) }
        return fault
    }

    func files(at path: String) -> AdapterFiles {
        configuration.files[path] ?? (path.hasPrefix("/") ? .adapter : .missing)
    }
}

/// One request, from when it came.
struct Visit: Sendable {
    var configuration: ServerConfiguration
    var incarnation: Int
    var process: Int
    /// Confirms what is asked without doing it.
    var pretends: Bool
}

/// What a load came to.
enum LoadDecision {
    case answer(Answer)
    /// Another load of that name goes on until then; ask again.
    case wait(until: Duration)
    /// It goes on until then, whether anybody waits or not.
    case begun(until: Duration)
}

extension ServerState {
    /// Takes a load request in at `now`; `pretends` confirms without doing it.
    mutating func load(
        _ name: String, _ path: String, inPlace: Bool, pretends: Bool, at now: Duration
    ) -> LoadDecision {
        let version = configuration.version
        if name.isEmpty || path.isEmpty {
            return .answer(.invalidInput("Both 'lora_name' and 'lora_path' must be provided."))
        }
        if version.locksNames, let end = registry.end(ofLoad: name) { return .wait(until: end) }
        if version.refusesBaseNames, configuration.servedNames.contains(name) { return .answer(.collides(name)) }
        let inPlace = inPlace && version.knowsInPlace
        if registry[name] != nil, !inPlace { return .answer(.alreadyLoaded(name, version)) }
        if let refusal = refusal(name, path) { return .answer(refusal) }
        let end = now + configuration.loadDuration
        if !pretends { registry.begin(Registry.Entry(name: name, path: path, isReadAgain: inPlace), until: end) }
        mostLoadsAtOnce = max(mostLoadsAtOnce, registries.reduce(0) { $0 + $1.loadCount })
        return .begun(until: end)
    }

    /// The answer where an adapter cannot be loaded.
    func refusal(_ name: String, _ path: String) -> Answer? {
        let version = configuration.version
        guard isEngineAlive else { return .engineDead(version) }
        guard configuration.enablesLoRA else {
            return .workerFailed("LoRA is not enabled. Use --enable-lora to enable LoRA.", version)
        }
        switch files(at: path) {
        case .adapter, .adapterOfOtherBase: return nil
        case .missing: return .pathNotFound(name, path, version)
        case .rank(let rank) where rank > configuration.maxRank:
            let text = "LoRA rank \(rank) is greater than max_lora_rank \(configuration.maxRank)."
            return .workerFailed(text, version)
        case .rank: return nil
        case .broken(let text): return .workerFailed(text, version)
        }
    }

    mutating func unload(_ name: String, pretends: Bool) -> Answer? {
        if name.isEmpty { return .invalidInput("'lora_name' needs to be provided to unload a LoRA adapter.") }
        guard registry[name] != nil else { return .notLoaded(name) }
        if !ignoresUnloads, !pretends { _ = registry.remove(name) }
        return nil
    }
}
