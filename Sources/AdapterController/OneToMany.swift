/// Which members belong to which key, both ways round.
struct OneToMany<Key: Hashable, Member: Hashable & Comparable> {
    private var members: [Key: Set<Member>] = [:]
    private var keys: [Member: Set<Key>] = [:]

    /// Makes `newKeys` the keys of `member`; none forgets it.
    mutating func set(_ newKeys: Set<Key>, for member: Member) {
        let old = keys[member] ?? []
        guard old != newKeys else { return }
        for key in old.subtracting(newKeys) {
            members[key]?.remove(member)
            if members[key]?.isEmpty == true { members[key] = nil }
        }
        for key in newKeys.subtracting(old) { members[key, default: []].insert(member) }
        keys[member] = newKeys.isEmpty ? nil : newKeys
    }

    /// The members of `key`, sorted.
    subscript(key: Key) -> [Member] { members[key]?.sorted() ?? [] }
}
