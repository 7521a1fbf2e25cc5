/// Which files stand for which objects: pure.
///
/// An object that several files name belongs to the first one that did.
struct ManifestHoldings {
    private var own: [String: Set<ManifestKey>] = [:]
    /// What files name, and others hold.
    private var wanted: [String: Set<ManifestKey>] = [:]

    /// What a change of one file makes of all.
    struct Change: Equatable {
        /// Objects that no file names any more, sorted.
        var gone: [ManifestKey] = []
        /// Files that name what is free now, sorted.
        var heirs: [String] = []
    }

    /// The other file that holds an object.
    func holder(of key: ManifestKey, besides file: String) -> String? {
        own.filter { $0.key != file && $0.value.contains(key) }.keys.min()
    }

    func isNamed(_ key: ManifestKey) -> Bool { [own, wanted].contains { $0.values.contains { $0.contains(key) } } }

    /// A file names these objects now, and those that it named before where it `keepsFormer`.
    mutating func set(_ keys: Set<ManifestKey>, of file: String, keepsFormer: Bool = false) -> Change {
        let (formerOwn, formerWanted) = (own[file] ?? [], wanted[file] ?? [])
        let all = keepsFormer ? keys.union(formerOwn).union(formerWanted) : keys
        let held = all.filter { holder(of: $0, besides: file) == nil }
        own[file] = held.isEmpty ? nil : held
        wanted[file] = all == held ? nil : all.subtracting(held)
        let named = [own, wanted].flatMap(\.values).reduce(into: Set<ManifestKey>()) { $0.formUnion($1) }
        let free = formerOwn.subtracting(held)
        return Change(
            gone: formerOwn.union(formerWanted).subtracting(named).sorted(),
            heirs: wanted.filter { !$0.value.isDisjoint(with: free) }.keys.sorted())
    }
}
