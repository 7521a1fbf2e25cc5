/// Points in time and what happens then, the earliest first; equal times keep the order in which they were added.
struct TimerHeap {
    /// Names one timer, so that it can be cancelled.
    struct ID: Hashable, Sendable { fileprivate let order: Int }

    private struct Entry {
        let at: Duration
        let order: Int

        func precedes(_ other: Entry) -> Bool { at == other.at ? order < other.order : at < other.at }
    }

    private var entries: [Entry] = []
    /// A cancelled timer loses its action at once and its entry when the entry's time comes.
    private var actions: [Int: @Sendable () -> Void] = [:]
    private var lastOrder = 0

    /// Timers that still have something to do.
    var count: Int { actions.count }

    mutating func add(at time: Duration, _ action: @escaping @Sendable () -> Void) -> ID {
        lastOrder += 1
        actions[lastOrder] = action
        entries.append(Entry(at: time, order: lastOrder))
        var child = entries.count - 1
        while child > 0, entries[child].precedes(entries[(child - 1) / 2]) {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
        return ID(order: lastOrder)
    }

    mutating func cancel(_ id: ID) { actions[id.order] = nil }

    /// When the next timer fires, nil when there is none.
    mutating func nextTime() -> Duration? {
        while let first = entries.first, actions[first.order] == nil { removeFirst() }
        return entries.first?.at
    }

    /// Takes out every action whose time has come by `time`.
    mutating func takeDue(by time: Duration) -> [@Sendable () -> Void] {
        var due: [@Sendable () -> Void] = []
        while let first = entries.first, first.at <= time {
            if let action = actions.removeValue(forKey: first.order) { due.append(action) }
            removeFirst()
        }
        return due
    }

    private mutating func removeFirst() {
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var parent = 0
        while true {
            var least = parent
            // No literal of both children: that would be an array made anew at each level, under every sleep.
            for child in 2 * parent + 1..<2 * parent + 3 where child < entries.count {
                if entries[child].precedes(entries[least]) { least = child }
            }
            guard least != parent else { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
