import AdapterPlanning
import Effects
import KubeAPI
import Synchronization

/// Keeps one agent for each connection that some object uses, and knows who uses it.
///
/// Most objects use the same connections as many others: those share one list of them, so that what is kept grows with
/// servers and with objects, and not with servers times objects.
final class ServerRegistry: Sendable {
    private struct State {
        var agents: [Connection: ServerAgent] = [:]
        private var groups: [Int: ServerGroup] = [:]
        private var groupIDs: [[Connection]: Int] = [:]
        private var nextGroupID = 0
        private var membership: [NamespacedName: Int] = [:]
        /// The groups that a connection is in.
        private var groupsWith: [Connection: Set<Int>] = [:]
        /// The Services whose models are discovered through a connection, and the other way round.
        var watchers: [Connection: Set<NamespacedName>] = [:]
        var watched: [NamespacedName: Set<Connection>] = [:]
        private var left = LeftLoads()

        func group(of key: NamespacedName) -> ServerGroup? { membership[key].flatMap { groups[$0] } }

        func groups(with connection: Connection) -> [ServerGroup] {
            groupsWith[connection, default: []].compactMap { groups[$0] }
        }

        func groups(where isIncluded: (ServerGroup) -> Bool) -> [ServerGroup] { groups.values.filter(isIncluded) }

        /// Puts an object into the group of its connections, which is made where there is none, and out of the one where
        /// it was; adds what becomes of agents to `change`.
        mutating func move(
            _ key: NamespacedName, to wanted: [Connection], names: Set<String>, make: (Connection) -> ServerAgent,
            _ change: inout Change
        ) {
            guard !wanted.isEmpty else { return leave(key, &change) }
            let old = membership[key]
            let id = groupID(of: wanted, make: make, new: &change.new)
            if old != id { leave(key, for: Set(wanted), &change) }
            groups[id]?.users.set(names, for: key)
            membership[key] = id
        }

        /// Takes an object out of its group; it goes on to use the connections in `kept`.
        mutating func leave(_ key: NamespacedName, for kept: Set<Connection> = [], _ change: inout Change) {
            guard let id = membership.removeValue(forKey: key) else { return }
            groups[id]?.users.set(nil, for: key)
            guard let left = groups[id] else { return }
            if left.users.isEmpty { change.unused = dissolve(left, id) }
            change.left = left.sorted.filter { !kept.contains($0.connection) && agents[$0.connection] != nil }
        }

        private mutating func groupID(
            of wanted: [Connection], make: (Connection) -> ServerAgent, new: inout [ServerAgent]
        ) -> Int {
            if let id = groupIDs[wanted] { return id }
            let id = nextGroupID
            nextGroupID += 1
            groupIDs[wanted] = id
            groups[id] = ServerGroup(connections: wanted, agents: wanted.map { agent(of: $0, make: make, new: &new) })
            for connection in wanted { groupsWith[connection, default: []].insert(id) }
            return id
        }

        /// Removes a group without users; returns the agents that nobody uses any more.
        private mutating func dissolve(_ group: ServerGroup, _ id: Int) -> [ServerAgent] {
            groups[id] = nil
            groupIDs[group.connections] = nil
            return group.sorted.map(\.connection).compactMap { connection in
                groupsWith[connection]?.remove(id)
                if groupsWith[connection]?.isEmpty == true { groupsWith[connection] = nil }
                return takeUnused(connection)
            }
        }

        /// Takes a Service off connections; returns the agents that nobody uses any more.
        mutating func unwatch(_ left: Set<Connection>, by service: NamespacedName) -> [ServerAgent] {
            left.sorted().compactMap { connection in
                watchers[connection]?.remove(service)
                if watchers[connection]?.isEmpty == true { watchers[connection] = nil }
                return takeUnused(connection)
            }
        }

        private mutating func takeUnused(_ connection: Connection) -> ServerAgent? {
            guard groupsWith[connection] == nil, watchers[connection] == nil,
                let agent = agents.removeValue(forKey: connection)
            else { return nil }
            left.add(agent.observation.attempts, of: connection, now: agent.context.effects.time.now)
            return agent
        }

        /// The others that reach the server of `agent`, to be told of a load of unknown outcome.
        mutating func hearers(of load: Attempt, _ name: String, from agent: ServerAgent) -> [ServerAgent] {
            let connection = agent.connection
            if agents[connection] == nil { left.add([name: load], of: connection, now: load.endedAt) }
            return agents.filter { $0.key.leads(where: connection) && $0.value !== agent }.map(\.value)
        }

        /// The agent of a connection, made where there is none, and then `new`.
        mutating func agent(
            of connection: Connection, make: (Connection) -> ServerAgent, new: inout [ServerAgent]
        ) -> ServerAgent {
            if let agent = agents[connection] { return agent }
            let agent = make(connection)
            for (other, known) in agents {
                if connection.succeeds(other) {
                    // What was cut off went with its server; what is under way at its address may have come to this one.
                    agent.inherit(known.observation.attempts.filter { $0.value.outcome == .inFlight })
                } else if connection.leads(where: other) {
                    agent.inherit(known.observation.attempts.filter { $0.value.outcome == .unknown })
                }
            }
            for loads in left.take(for: connection, now: agent.context.effects.time.now) { agent.inherit(loads) }
            agents[connection] = agent
            new.append(agent)
            return agent
        }
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

    /// Lets go of all agents, which hold who holds the registry.
    func close() { state.withLock { $0 = State() } }

    /// Says which connections `key` uses from now on, each once, and returns what is known of each.
    ///
    /// Agents that nobody uses any more end.
    func use(
        _ connections: [(connection: Connection, isReady: Bool)], names: Set<String>, by key: NamespacedName,
        make: (Connection) -> ServerAgent
    ) -> [ServerID: ServerObservation] {
        let wanted = connections.map(\.connection)
        let (agents, change) = state.withLock { state -> ([ServerAgent], Change) in
            var change = Change()
            let group = state.group(of: key)
            if group?.connections ?? [] != wanted || group?.users.names(of: key) ?? names != names {
                state.move(key, to: wanted, names: names, make: make, &change)
            }
            return (state.group(of: key)?.agents ?? [], change)
        }
        // Others still use them; what this object asked for there, it asks for no more.
        for agent in change.left { agent.submit(nil, for: key) }
        return engage(agents, connections.map(\.isReady), change)
    }

    /// Says through which connections the models of a Service are discovered from now on; ``use(_:names:by:make:)``
    /// shares them.
    func watch(
        _ connections: [(connection: Connection, isReady: Bool)], for service: NamespacedName,
        make: (Connection) -> ServerAgent
    ) -> [ServerID: ServerObservation] {
        let wanted = Set(connections.map(\.connection))
        let (agents, change) = state.withLock { state -> ([ServerAgent], Change) in
            var change = Change()
            change.unused = state.unwatch(state.watched[service, default: []].subtracting(wanted), by: service)
            state.watched[service] = wanted.isEmpty ? nil : wanted
            let agents = connections.map { connection, _ in
                state.watchers[connection, default: []].insert(service)
                return state.agent(of: connection, make: make, new: &change.new)
            }
            return (agents, change)
        }
        return engage(agents, connections.map(\.isReady), change)
    }

    /// The Services whose models are discovered through a connection, sorted.
    func watchers(of connection: Connection) -> [NamespacedName] {
        state.withLock { ($0.watchers[connection] ?? []).sorted() }
    }

    private struct Change {
        var new: [ServerAgent] = []
        var unused: [ServerAgent] = []
        var left: [ServerAgent] = []
    }

    private func engage(
        _ agents: [ServerAgent], _ isReady: [Bool], _ change: Change
    ) -> [ServerID: ServerObservation] {
        for agent in change.unused { agent.stop() }
        for (agent, isReady) in zip(agents, isReady) { agent.update(isReady: isReady) }
        for agent in change.new { start.yield(agent) }
        return observations(agents)
    }

    private func observations(_ agents: [ServerAgent]) -> [ServerID: ServerObservation] {
        Dictionary(agents.map { ($0.connection.server, $0.observation) }, uniquingKeysWith: { first, _ in first })
    }

    /// The agents of the servers that an object uses, in a stable order.
    private func agents(of key: NamespacedName) -> [ServerAgent] { state.withLock { $0.group(of: key)?.sorted ?? [] } }

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
        let change = state.withLock { state in
            var change = Change()
            state.leave(key, &change)
            return change
        }
        for agent in change.unused { agent.stop() }
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
            let groups = state.groups(with: connection)
            return switch change {
            case .nothing, .model: []
            case .everything: groups.flatMap(\.users.keys).sorted()
            case .names(let names): groups.flatMap { $0.users.keys(concernedBy: names) }.sorted()
            }
        }
    }

    /// How long one server's news waits for that of others.
    ///
    /// A look at an object costs as much as it has servers: while many of them are at work it is not taken once for each,
    /// and the less often the more objects wait for a look.
    func patience(for key: NamespacedName, backlog: Int) -> Duration {
        guard let group = state.withLock({ $0.group(of: key) }), group.sorted.count > 32,
            let names = group.users.names(of: key), group.sorted.contains(where: { $0.isBusy(for: key, names) })
        else { return .zero }
        return min(.milliseconds(group.sorted.count) * (1 + backlog / 50), .seconds(1))
    }

    /// Tells whoever reaches the same server, now or later, of a load of unknown outcome that `agent` sent.
    func share(_ load: Attempt, of name: String, from agent: ServerAgent) {
        for hearer in state.withLock({ $0.hearers(of: load, name, from: agent) }) {
            hearer.inherit([name: load])
            hearer.report(.names([name]))
        }
    }

    /// What is known of the servers that an object uses.
    func observations(usedBy key: NamespacedName) -> [ServerID: ServerObservation] { observations(agents(of: key)) }

    /// The objects that use a server of this owner, sorted.
    func users(ofOwner owner: String) -> [NamespacedName] {
        state.withLock { state in
            state.groups { $0.connections.contains { $0.server.owner == owner } }.flatMap(\.users.keys).sorted()
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
        return Dictionary(agents.map { ($0.observation.answer.metricState, 1) }, uniquingKeysWith: +)
    }
}
