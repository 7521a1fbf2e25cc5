import Synchronization

/// What happens to a server from outside, and what can be asked about it.
extension SimulatedServer {
    /// False while connections are to be refused.
    package var isListening: Bool { state.withLock { $0.isListening } }

    /// Refuses connections and drops those there are; what it holds is kept.
    package func goDown() {
        state.withLock { $0.isListening = false }
        listeners.close(thenListening: false)
    }

    package func comeUp() {
        state.withLock { $0.isListening = true }
        listeners.open()
    }

    /// A new process: every adapter but the static ones is forgotten, and requests on their way are dropped.
    package func restart() {
        let time = unixTime
        state.withLock { $0.restart(at: time) }
        listeners.close(thenListening: true)
    }

    /// The engine dies while the API still answers, or a new one is there.
    package func setEngine(alive: Bool) {
        withState { state in
            state.isEngineAlive = alive
            if !alive { state.abortLoads() }
        }
    }

    /// Unloads are confirmed with 200 and not done.
    package func setIgnoresUnloads(_ ignoresUnloads: Bool) { state.withLock { $0.ignoresUnloads = ignoresUnloads } }

    /// From now on another rank, key, duration or disk.
    package func reconfigure(_ change: (inout ServerConfiguration) -> Void) {
        state.withLock { change(&$0.configuration) }
    }

    /// Lets the next `times` requests for `operation`, or for anything, go wrong.
    package func inject(_ fault: SimulatedFault, on operation: SimulatedOperation? = nil, times: Int = .max) {
        guard times > 0 else { return }
        state.withLock { $0.faults.append((operation, fault, times)) }
    }

    package func clearFaults() { state.withLock { $0.faults = [] } }

    /// Somebody else loads an adapter, or replaces one.
    package func loadOutOfBand(name: String, path: String) {
        withState { $0.registry.add(.init(name: name, path: path)) }
    }

    /// Somebody else unloads an adapter.
    package func unloadOutOfBand(name: String) { withState { _ = $0.registry.remove(name) } }

    /// What it holds now, in its order: name and path.
    package var adapters: [(name: String, path: String)] {
        withState { state in state.registry.entries.map { ($0.name, $0.path) } }
    }

    /// How many adapters it holds now.
    package var adapterCount: Int { withState { $0.registry.entries.count } }

    /// Whether a load of that name goes on, be anybody waiting for it or not.
    package func isLoading(_ name: String) -> Bool { withState { $0.registry.end(ofLoad: name) != nil } }

    /// Requests that came for `operation`, whatever became of them.
    package func requestCount(_ operation: SimulatedOperation) -> Int {
        state.withLock { $0.counts[operation, default: 0] }
    }

    /// Requests that came for anything.
    package var requestCount: Int { state.withLock { $0.counts.values.reduce(0, +) } }

    /// Loads of `name` that reached it, refused ones included.
    package func loadCount(of name: String) -> Int { state.withLock { $0.loadsByName[name, default: 0] } }

    /// The most loads that ever went on at once.
    package var mostLoadsAtOnce: Int { state.withLock { $0.mostLoadsAtOnce } }

    package var isEngineAlive: Bool { state.withLock { $0.isEngineAlive } }

    package var apiKey: String? { state.withLock { $0.configuration.apiKey } }

    package var version: VLLMVersion { state.withLock { $0.configuration.version } }

    /// How many faults stand, used up ones not counted.
    package var faultCount: Int { state.withLock { $0.faults.count } }
}
