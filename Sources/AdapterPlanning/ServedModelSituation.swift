/// What is known of the servers behind one Service, for the plan of its ServedModels: pure.
///
/// Nothing is taken away on the word of a server that did not speak: a blind server keeps what it last listed, and where
/// this process never saw a list of it, what the stored status says stands.
package struct ServedModelSituation: Sendable {
    package struct Observed: Sendable {
        package var server: Server
        package var observation: ServerObservation

        package init(_ server: Server, _ observation: ServerObservation) {
            self.server = server
            self.observation = observation
        }
    }

    package var service: String
    /// Why the Service has no servers to speak of.
    package var problem: SpecProblem?
    package var servers: [Observed] = []
    /// The operator's own objects of the Service, by name; nil where status was never written.
    package var stored: [String: ServedModelStatus?] = [:]
    /// Now, in RFC 3339.
    package var timestamp = ""
    /// Whether an entry of that name and root is of a LoRAAdapter.
    package var isManaged: @Sendable (String, String) -> Bool = { _, _ in false }

    package init(service: String) { self.service = service }

    /// What differs from what is stored, sorted by name; nothing before each server has answered or failed once.
    package func plan() -> [ServedModelChange] {
        guard !servers.contains(where: { $0.observation.answer == .pending }) else { return [] }
        let known = stored.values.compactMap { $0?.id }
        let listed = servers.flatMap { $0.observation.newestListing?.models.map(\.id) ?? [] }
        return Set(known + listed).sorted().compactMap(change).sorted { $0.name < $1.name }
    }

    private func change(_ id: String) -> ServedModelChange? {
        let name = ServedModelName.of(id, behind: service)
        let before = stored[name] ?? nil
        if problem == nil, isGone(id) { return stored[name] == nil ? nil : .delete(name: name) }
        let status = status(of: id, before)
        return status == before ? nil : .write(name: name, status)
    }

    /// Whether every server answered validly without it.
    private func isGone(_ id: String) -> Bool {
        servers.allSatisfy { observed in
            if case .listed(let listing) = observed.observation.answer { listing.model(id) == nil } else { false }
        }
    }

    private func status(of id: String, _ before: ServedModelStatus?) -> ServedModelStatus {
        // A server that listed other models is none of this one's.
        let all = servers.sorted { Server.byName($0.server, $1.server) }
            .filter { $0.observation.newestListing.map { $0.model(id) != nil } ?? true }
        let lists = all.compactMap { $0.observation.newestListing }
        let serving = all.filter { if case .listed = $0.observation.answer { true } else { false } }
        // Nobody knows what is on a server of which this process never saw a list.
        let isComplete = problem == nil && all.allSatisfy { $0.observation.newestListing != nil }

        var status = ServedModelStatus(id: id, service: service, servers: "\(serving.count)/\(all.count)")
        let card = lists.lazy.compactMap { $0.model(id) }.first
        status.root = card == nil ? before?.root : card?.root
        status.maxModelLen = card == nil ? before?.maxModelLen : card?.maxModelLen
        status.version = version(of: all, isComplete ? nil : before?.version)
        status.adapters = adapters(of: id, lists)
        if !isComplete, let before { status.adapters.add(before.adapters) }
        status.conditions = ServedModelConditions(situation: self, before: before?.conditions ?? []).of(id, all)
        return status
    }

    private func adapters(of id: String, _ lists: [Listing]) -> ServedModelStatus.Adapters {
        var seen: [String: Set<String>] = [:]
        var adapters = ServedModelStatus.Adapters()
        var unmanaged: [ServedModelStatus.Adapter] = []
        for list in lists {
            for (name, entry) in list.adapters where entry.parent == id {
                guard seen[name, default: []].insert(entry.root).inserted else { continue }
                if isManaged(name, entry.root) {
                    adapters.managed += 1
                } else {
                    unmanaged.append(ServedModelStatus.Adapter(id: name, root: entry.root))
                }
            }
        }
        adapters.unmanagedCount = unmanaged.count
        adapters.unmanaged = Array(unmanaged.sorted().prefix(ServedModelStatus.Adapters.limit))
        return adapters
    }

    private func version(of servers: [Observed], _ before: String?) -> String? {
        let known = servers.compactMap(\.observation.version) + (before ?? "").split(separator: ", ").map(String.init)
        let sorted = Set(known).sorted { a, b in
            let (left, right) = (Self.numbers(a), Self.numbers(b))
            return left == right ? a < b : left.lexicographicallyPrecedes(right)
        }
        return sorted.isEmpty ? nil : sorted.joined(separator: ", ")
    }

    private static func numbers(_ version: String) -> [Int] {
        version.split { !("0"..."9").contains($0) }.map { Int($0) ?? .max }
    }
}

extension ServedModelChange {
    package var name: String {
        switch self {
        case .write(let name, _), .delete(let name): name
        }
    }
}

extension ServedModelStatus.Adapters {
    /// Adds what was known before to what could be seen of some servers only.
    fileprivate mutating func add(_ before: Self) {
        managed = max(managed, before.managed)
        let all = Set(unmanaged).union(before.unmanaged).sorted()
        unmanagedCount = max(unmanagedCount, before.unmanagedCount, all.count)
        unmanaged = Array(all.prefix(Self.limit))
    }
}

extension Listing {
    fileprivate func model(_ id: String) -> Model? { models.first { $0.id == id } }
}
