import AdapterPlanning
import KubeAPI
import Synchronization

/// Keeps one agent for each connection that some object uses, and knows who uses it.
final class ServerRegistry: Sendable {
    private struct State {
        var agents: [Connection: ServerAgent] = [:]
        /// The adapter names that matter to each user of a connection.
        var users: [Connection: [NamespacedName: Set<String>]] = [:]
        var uses: [NamespacedName: Use] = [:]
        /// The Services whose models are discovered through a connection, and the other way round.
        var watchers: [Connection: Set<NamespacedName>] = [:]
        var watched: [NamespacedName: Set<Connection>] = [:]

        /// Takes `key` off the connections and removes those that nobody uses any more; returns their agents.
        mutating func leave(_ left: Set<Connection>, by key: NamespacedName) -> [ServerAgent] {
            var unused: [ServerAgent] = []
            for connection in left.sorted() {
                users[connection]?[key] = nil
                if users[connection]?.isEmpty == true { users[connection] = nil }
                if let agent = takeUnused(connection) { unused.append(agent) }
            }
            return unused
        }

        /// The same for a Service.
        mutating func unwatch(_ left: Set<Connection>, by service: NamespacedName) -> [ServerAgent] {
            var unused: [ServerAgent] = []
            for connection in left.sorted() {
                watchers[connection]?.remove(service)
                if watchers[connection]?.isEmpty == true { watchers[connection] = nil }
                if let agent = takeUnused(connection) { unused.append(agent) }
            }
            return unused
        }

        private mutating func takeUnused(_ connection: Connection) -> ServerAgent? {
            users[connection] == nil && watchers[connection] == nil ? agents.removeValue(forKey: connection) : nil
        }

        /// The agent of a connection, made where there is none; and whether it was.
        mutating func agent(of connection: Connection, make: (Connection) -> ServerAgent) -> (ServerAgent, isNew: Bool)
        {
            if let agent = agents[connection] { return (agent, false) }
            let agent = make(connection)
            agents[connection] = agent
            return (agent, true)
        }
    }

    /// What an object uses, kept in the form in which every look at the object needs it.
    private struct Use {
        /// As the object names them.
        var connections: [Connection]
        var names: Set<String>
        /// Of those connections, one each.
        var agents: [ServerAgent]
        /// The same in a fixed order.
        var sorted: [ServerAgent]
    }

    private let state = Mutex(State())
    private let started: AsyncStream<ServerAgent>
    private let start: AsyncStream<ServerAgent>.Continuation

    init() { (started, start) = AsyncStream.makeStream() }

    /// Runs every agent until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await agent in started {
                group.addTask { await agent.run() }
            }
            group.cancelAll()
        }
    }

    /// Says which connections `key` uses from now on, and returns what is known of each.
    ///
    /// Agents that nobody uses any more end.
    func use(
        _ connections: [(connection: Connection, isReady: Bool)], names: Set<String>, by key: NamespacedName,
        make: (Connection) -> ServerAgent
    ) -> [ServerID: ServerObservation] {
        let wanted = connections.map(\.connection)
        let (agents, unused, left) = state.withLock { state -> ([Engaged], [ServerAgent], [ServerAgent]) in
            if let use = state.uses[key], use.connections == wanted, use.names == names {
                return (zip(use.agents, connections).map { Engaged(($0, false), $1.isReady) }, [], [])
            }
            let leaving = Set(state.uses[key]?.connections ?? []).subtracting(wanted)
            let unused = state.leave(leaving, by: key)
            let engaged = connections.map { connection, isReady in
                state.users[connection, default: [:]][key] = names
                return Engaged(state.agent(of: connection, make: make), isReady)
            }
            let agents = engaged.map(\.agent)
            state.uses[key] = agents.isEmpty ? nil : Use(
                connections: wanted, names: names, agents: agents,
                sorted: agents.sorted { $0.connection < $1.connection })
            return (engaged, unused, leaving.sorted().compactMap { state.agents[$0] })
        }
        // Others still use them; what this object asked for there, it asks for no more.
        for agent in left { agent.submit(nil, for: key) }
        return engage(agents, unused)
    }

    /// Says through which connections the models of a Service are discovered from now on; ``use(_:names:by:make:)``
    /// shares them.
    func watch(
        _ connections: [(connection: Connection, isReady: Bool)], for service: NamespacedName,
        make: (Connection) -> ServerAgent
    ) -> [ServerID: ServerObservation] {
        let wanted = Set(connections.map(\.connection))
        let (agents, unused) = state.withLock { state in
            let unused = state.unwatch(state.watched[service, default: []].subtracting(wanted), by: service)
            state.watched[service] = wanted.isEmpty ? nil : wanted
            return (
                connections.map { connection, isReady in
                    state.watchers[connection, default: []].insert(service)
                    return Engaged(state.agent(of: connection, make: make), isReady)
                }, unused
            )
        }
        return engage(agents, unused)
    }

    /// The Services whose models are discovered through a connection, sorted.
    func watchers(of connection: Connection) -> [NamespacedName] {
        state.withLock { ($0.watchers[connection] ?? []).sorted() }
    }

    private struct Engaged {
        var agent: ServerAgent
        var isNew: Bool
        var isReady: Bool

        init(_ agent: (ServerAgent, isNew: Bool), _ isReady: Bool) {
            (self.agent, isNew) = agent
            self.isReady = isReady
        }
    }

    private func engage(_ agents: [Engaged], _ unused: [ServerAgent]) -> [ServerID: ServerObservation] {
        for agent in unused { agent.stop() }
        for engaged in agents { engaged.agent.update(isReady: engaged.isReady) }
        for engaged in agents where engaged.isNew { start.yield(engaged.agent) }
        return Dictionary(
            agents.map { ($0.agent.connection.server, $0.agent.observation) }, uniquingKeysWith: { first, _ in first })
    }

    /// The agents of the servers that an object uses, in a stable order.
    private func agents(of key: NamespacedName) -> [ServerAgent] {
        state.withLock { $0.uses[key]?.sorted ?? [] }
    }

    /// Hands each server the action that `key` asks of it, and takes back what it asked before elsewhere.
    func submit(_ actions: [ServerID: ServerAction], for key: NamespacedName) {
        for agent in agents(of: key) { agent.submit(actions[agent.connection.server], for: key) }
    }

    /// Takes back what `key` asked of servers before, where it is not what it asks for now.
    func withdraw(allBut actions: [ServerID: ServerAction], for key: NamespacedName) {
        for agent in agents(of: key) { agent.withdraw(unless: actions[agent.connection.server], for: key) }
    }

    /// Forgets an object.
    func release(_ key: NamespacedName) {
        submit([:], for: key)
        let unused = state.withLock { state in
            state.leave(Set(state.uses.removeValue(forKey: key)?.connections ?? []), by: key)
        }
        for agent in unused { agent.stop() }
    }

    /// Whether a server that an object uses has begun or ended something for one of the names since it was observed.
    func hasStarted(_ names: Set<String>, by key: NamespacedName, since before: [ServerID: ServerObservation]) -> Bool {
        agents(of: key).contains { agent in
            let (attempts, known) = (agent.observation.attempts, before[agent.connection.server]?.attempts)
            return names.contains { attempts[$0] != known?[$0] }
        }
    }

    /// The objects that a change on a connection concerns, sorted.
    func users(of connection: Connection, concernedBy change: ServerRecord.Change) -> [NamespacedName] {
        state.withLock { state in
            let users = state.users[connection] ?? [:]
            switch change {
            case .nothing, .model: return []
            case .everything: return users.keys.sorted()
            case .names(let names): return users.filter { !$0.value.isDisjoint(with: names) }.keys.sorted()
            }
        }
    }

    /// The servers that an object uses, sorted.
    func servers(usedBy key: NamespacedName) -> [ServerID] {
        agents(of: key).map(\.connection.server).sorted()
    }

    /// How long one server's news waits for that of others.
    ///
    /// A look at an object costs as much as it has servers: while many of them are at work it is not taken once for each,
    /// and the less often the more objects wait for a look.
    func patience(for key: NamespacedName, backlog: Int) -> Duration {
        let use = state.withLock { $0.uses[key] }
        guard let use, use.sorted.count > 32, use.sorted.contains(where: { $0.isBusy(for: key, use.names) }) else {
            return .zero
        }
        return min(.milliseconds(use.sorted.count) * (1 + backlog / 50), .seconds(1))
    }

    /// What is known of the servers that an object uses.
    func observations(usedBy key: NamespacedName) -> [ServerID: ServerObservation] {
        Dictionary(
            agents(of: key).map { ($0.connection.server, $0.observation) }, uniquingKeysWith: { first, _ in first })
    }

    /// The objects that use a server of this owner, sorted.
    func users(ofOwner owner: String) -> [NamespacedName] {
        state.withLock { state in
            Set(state.users.filter { $0.key.server.owner == owner }.flatMap(\.value.keys)).sorted()
        }
    }

    /// The Services whose models are discovered through a server of this owner, sorted.
    func watchers(ofOwner owner: String) -> [NamespacedName] {
        state.withLock { state in
            Set(state.watchers.filter { $0.key.server.owner == owner }.flatMap(\.value)).sorted()
        }
    }

    /// How many connections are in each state, in words for metrics.
    var states: [String: Int] {
        let agents = state.withLock { Array($0.agents.values) }
        return Dictionary(agents.map { ($0.observation.answer.state, 1) }, uniquingKeysWith: +)
    }
}

extension ServerObservation.Answer {
    fileprivate var state: String {
        switch self {
        case .pending: "pending"
        case .awaiting: "starting"
        case .blind(let reason, _): reason.rawValue
        case .listed: "observed"
        }
    }
}
