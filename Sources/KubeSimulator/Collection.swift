/// All objects of one resource and what happened to them lately.
struct Collection: Sendable {
    struct Change: Sendable {
        enum Kind: String, Sendable { case added = "ADDED", modified = "MODIFIED", deleted = "DELETED" }

        var kind: Kind
        /// The new version; of a deleted object its last one, under the resourceVersion of the deletion.
        var object: StoredObject
        var previous: StoredObject?
    }

    private(set) var objects: [ObjectKey: StoredObject] = [:]
    /// Sorted, for lists and pages.
    private(set) var keys: [ObjectKey] = []
    private(set) var history: [Change] = []
    /// Changes up to this revision are forgotten.
    private(set) var compacted: UInt64
    private var weight = 0
    private let limit: Int

    /// Bytes of history kept for one resource.
    private static let weightLimit = 64 << 20

    init(compacted: UInt64, limit: Int) {
        self.compacted = compacted
        self.limit = max(1, limit)
    }

    /// The first position in ``keys`` that is not before `key`.
    func position(of key: ObjectKey) -> Int { Self.partition(keys) { $0 < key } }

    mutating func record(_ object: StoredObject) {
        let previous = objects.updateValue(object, forKey: object.key)
        if previous == nil { keys.insert(object.key, at: position(of: object.key)) }
        append(
            Change(
                kind: previous == nil ? .added : .modified, object: object, previous: previous))
    }

    mutating func recordDeletion(_ object: StoredObject) {
        guard let previous = objects.removeValue(forKey: object.key) else { return }
        keys.remove(at: position(of: object.key))
        append(Change(kind: .deleted, object: object, previous: previous))
    }

    private mutating func append(_ change: Change) {
        history.append(change)
        weight += change.object.weight
        // Forgetting a quarter at once keeps the cost of an append constant on average.
        if history.count > limit + limit / 4 || weight > Self.weightLimit + Self.weightLimit / 4 {
            var dropped = 0
            while dropped < history.count - 1, history.count - dropped > limit || weight > Self.weightLimit {
                weight -= history[dropped].object.weight
                dropped += 1
            }
            compacted = dropped > 0 ? history[dropped - 1].object.revision : compacted
            history.removeFirst(dropped)
        }
    }

    mutating func compact(at revision: UInt64) {
        history.removeAll()
        weight = 0
        compacted = revision
    }

    /// The changes after `revision`; nil where some of them are forgotten.
    func changes(after revision: UInt64) -> ArraySlice<Change>? {
        guard revision >= compacted else { return nil }
        return history[Self.partition(history) { $0.object.revision <= revision }...]
    }

    /// The objects as they were at `revision`, by key; nil where that is forgotten.
    func objects(at revision: UInt64) -> [ObjectKey: StoredObject]? {
        guard let changes = changes(after: revision) else { return nil }
        var result = objects
        for change in changes.reversed() { result[change.object.key] = change.previous }
        return result
    }

    /// How many elements at the start satisfy `isBefore`.
    private static func partition<Element>(_ elements: [Element], _ isBefore: (Element) -> Bool) -> Int {
        var (low, high) = (0, elements.count)
        while low < high {
            let middle = low + (high - low) / 2
            if isBefore(elements[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
