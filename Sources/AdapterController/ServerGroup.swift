import AdapterPlanning
import KubeAPI

/// The servers that some objects use, all of them in the same way, and those objects.
struct ServerGroup {
    /// As the objects name them.
    let connections: [Connection]
    /// One for each connection.
    let agents: [ServerAgent]
    /// The same in a fixed order.
    let sorted: [ServerAgent]
    var users = Users()

    init(connections: [Connection], agents: [ServerAgent]) {
        self.connections = connections
        self.agents = agents
        sorted = agents.sorted { $0.connection < $1.connection }
    }

    /// The objects, and the adapter names that matter to each.
    struct Users {
        private var names: [NamespacedName: Set<String>] = [:]
        private var namesakes: [String: Set<NamespacedName>] = [:]

        var isEmpty: Bool { names.isEmpty }
        /// In no order.
        var keys: some Collection<NamespacedName> { names.keys }

        func names(of key: NamespacedName) -> Set<String>? { names[key] }

        /// The objects to which one of the names matters, in no order.
        func keys(concernedBy changed: Set<String>) -> Set<NamespacedName> {
            changed.reduce(into: []) { $0.formUnion(namesakes[$1] ?? []) }
        }

        /// Nil for an object that is none any more.
        mutating func set(_ new: Set<String>?, for key: NamespacedName) {
            for name in names[key] ?? [] {
                namesakes[name]?.remove(key)
                if namesakes[name]?.isEmpty == true { namesakes[name] = nil }
            }
            names[key] = new
            for name in new ?? [] { namesakes[name, default: []].insert(key) }
        }
    }
}
