import AdapterPlanning
import VLLMAPI

extension Listing {
    /// What a server answered, after what it listed before: what is still so takes no new memory.
    init(_ models: ModelList, after before: Listing? = nil, stamp: Int, requestedAt: Duration = .zero) {
        self.init(
            models: models.baseModels.map { Model(id: $0.id, root: $0.root, maxModelLen: $0.maxModelLen) },
            adapters: models.entries(after: before?.adapters ?? [:]), stamp: stamp, requestedAt: requestedAt)
    }

    /// The names of the adapters of which the two do not say the same.
    func differences(from other: Listing) -> Set<String> {
        // The same dictionary, most of the time: then nothing is compared.
        if adapters == other.adapters { return [] }
        var names: Set<String> = []
        for (name, entry) in adapters where other.adapters[name] != entry { names.insert(name) }
        for name in other.adapters.keys where adapters[name] == nil { names.insert(name) }
        return names
    }
}

extension ModelList {
    /// What it says of adapters: `before`, and no copy of it, where that is still so.
    func entries(after before: [String: Listing.Entry]) -> [String: Listing.Entry] {
        var entries = before
        if entries.isEmpty { entries.reserveCapacity(adapters.count) }
        for card in adapters {
            guard let parent = card.parent else { continue }
            let root = card.root ?? ""
            if let entry = entries[card.id], entry.root == root, entry.parent == parent { continue }
            entries[StringPool.shared(card.id)] = Listing.Entry(
                root: StringPool.shared(root), parent: StringPool.shared(parent))
        }
        guard entries.count > adapters.count else { return entries }
        let names = Set(adapters.map(\.id))
        return entries.filter { names.contains($0.key) }
    }
}
