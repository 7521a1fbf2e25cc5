/// Keys that wait for their time, each once, the earliest first; equal times in the order of their coming.
struct DelayHeap<Key: Hashable & Sendable>: Sendable {
    struct Entry: Sendable {
        var key: Key
        var deadline: Duration
        var priority: WorkPriority
        fileprivate var order: Int

        fileprivate func precedes(_ other: Entry) -> Bool {
            (deadline, order) < (other.deadline, other.order)
        }
    }

    /// A binary heap; entries that were replaced by an earlier one stay until they come up.
    private var heap: [Entry] = []
    private var current: [Key: Entry] = [:]
    private var nextOrder = 0

    var count: Int { current.count }

    var first: Entry? { heap.first }

    /// The earlier time wins, and the higher priority.
    mutating func insert(_ key: Key, deadline: Duration, priority: WorkPriority) {
        var entry = Entry(key: key, deadline: deadline, priority: priority, order: nextOrder)
        if let present = current[key] {
            if present.deadline <= deadline, present.priority >= priority { return }
            entry.deadline = min(present.deadline, deadline)
            entry.priority = max(present.priority, priority)
        }
        nextOrder += 1
        current[key] = entry
        heap.append(entry)
        siftUp()
        dropStale()
    }

    mutating func popFirst(notAfter now: Duration) -> Entry? {
        guard let entry = heap.first, entry.deadline <= now else { return nil }
        removeFirst()
        current[entry.key] = nil
        dropStale()
        return entry
    }

    private mutating func dropStale() {
        while let first = heap.first, current[first.key]?.order != first.order { removeFirst() }
    }

    private mutating func removeFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        var index = 0
        while true {
            var least = index
            for child in 2 * index + 1..<2 * index + 3 where child < heap.count {
                if heap[child].precedes(heap[least]) { least = child }
            }
            if least == index { return }
            heap.swapAt(index, least)
            index = least
        }
    }

    private mutating func siftUp() {
        var index = heap.count - 1
        while index > 0, heap[index].precedes(heap[(index - 1) / 2]) {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }
}
