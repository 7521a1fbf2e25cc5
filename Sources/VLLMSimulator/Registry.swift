/// The adapters that a server knows, those being loaded, and those that its engine has in memory.
struct Registry: Sendable {
    struct Entry: Sendable {
        var name: String
        var path: String
        /// The weights are read from disk at every step, for as long as the name stays.
        var isReadAgain = false
    }

    private struct Load: Sendable {
        var entry: Entry
        var end: Duration
        /// Kept for the order of loads that end at once.
        var number: Int
    }

    private(set) var entries: [Entry] = []
    /// The names of all entries: a server may hold thousands.
    private var names: Set<String> = []
    private var loads: [Load] = []
    private var loadsBegun = 0
    /// Names, the most recently used last.
    private var inMemory: [String] = []

    subscript(name: String) -> Entry? { names.contains(name) ? entries.first { $0.name == name } : nil }

    /// When the load of a name that is going on will have ended.
    func end(ofLoad name: String) -> Duration? { loads.filter { $0.entry.name == name }.map(\.end).max() }

    /// Loads going on.
    var loadCount: Int { loads.count }

    mutating func begin(_ entry: Entry, until end: Duration) {
        loadsBegun += 1
        loads.append(Load(entry: entry, end: end, number: loadsBegun))
    }

    /// Makes known what has been loaded by `now`, whether its client still waits or not.
    mutating func settle(_ now: Duration, keepingDuplicates: Bool) {
        let done = loads.filter { $0.end <= now }.sorted { ($0.end, $0.number) < ($1.end, $1.number) }
        loads.removeAll { $0.end <= now }
        for load in done { add(load.entry, keepingDuplicates: keepingDuplicates) }
    }

    /// Nothing comes of the loads that go on.
    mutating func abortLoads() { loads = [] }

    mutating func add(_ entry: Entry, keepingDuplicates: Bool = false) {
        let isNew = names.insert(entry.name).inserted
        if !isNew, !keepingDuplicates, let index = entries.firstIndex(where: { $0.name == entry.name }) {
            entries[index] = entry
        } else {
            entries.append(entry)
        }
        if !isNew { inMemory.removeAll { $0 == entry.name } }
        inMemory.append(entry.name)
    }

    /// Forgets a name; false where it was not known.
    mutating func remove(_ name: String) -> Bool {
        guard names.remove(name) != nil else { return false }
        entries.removeAll { $0.name == name }
        inMemory.removeAll { $0 == name }
        return true
    }

    /// Marks a name as used; true where its files have to be read for that.
    mutating func use(_ entry: Entry, capacity: Int) -> Bool {
        let isInMemory = inMemory.suffix(max(1, capacity)).contains(entry.name)
        inMemory.removeAll { $0 == entry.name }
        inMemory.append(entry.name)
        return entry.isReadAgain || !isInMemory
    }
}
