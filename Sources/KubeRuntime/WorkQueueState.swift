/// What a work queue holds, with client-go's rules; pure, time is an argument.
///
/// A key that waits is handed out once, however often it was added. A key that is being worked on is handed out to
/// nobody else; added meanwhile, it comes once more afterwards. Within a priority, first come, first served.
package struct WorkQueueState<Key: Hashable & Sendable>: Sendable {
    /// Keys to be handed out, each with its priority; those in progress too if they were added again.
    private var dirty: [Key: WorkPriority] = [:]
    private var processing: Set<Key> = []
    private var fresh = FIFO<Key>()
    private var background = FIFO<Key>()
    private var delayed = DelayHeap<Key>()
    private var failures: [Key: Int] = [:]
    package private(set) var isShutDown = false

    private let backoff: Backoff

    package init(backoff: Backoff = Backoff(base: .seconds(1), limit: .seconds(300))) { self.backoff = backoff }

    /// Number of keys that could be handed out now.
    package var depth: Int { dirty.count - dirty.keys.count(where: processing.contains) }

    /// Number of keys in progress.
    package var inProgress: Int { processing.count }

    /// Number of keys that wait for their time.
    package var delayedCount: Int { delayed.count }

    /// When the next delayed key is due.
    package var nextDeadline: Duration? { delayed.first?.deadline }

    /// Adds a key to be handed out as soon as possible; a higher priority than before moves it forward.
    /// - Returns: whether that made a key available that was not.
    @discardableResult
    package mutating func add(_ key: Key, priority: WorkPriority = .fresh) -> Bool {
        guard !isShutDown else { return false }
        let previous = dirty[key]
        if let previous, previous >= priority { return false }
        dirty[key] = priority
        guard !processing.contains(key) else { return false }
        enqueue(key, priority)
        return previous == nil
    }

    /// Adds a key at `deadline`; if it waits already, the earlier time counts.
    package mutating func add(_ key: Key, at deadline: Duration, priority: WorkPriority = .fresh) {
        guard !isShutDown else { return }
        delayed.insert(key, deadline: deadline, priority: priority)
    }

    /// Makes available what is due; to be called before ``take()``.
    /// - Returns: how many keys became available.
    @discardableResult
    package mutating func advance(to now: Duration) -> Int {
        var added = 0
        while let due = delayed.popFirst(notAfter: now) {
            if add(due.key, priority: due.priority) { added += 1 }
        }
        return added
    }

    /// Hands out the next key; ``done(_:)`` has to follow.
    package mutating func take() -> Key? {
        guard !isShutDown else { return nil }
        return take(from: \.fresh, .fresh) ?? take(from: \.background, .background)
    }

    /// Tells that the work on a key has ended.
    /// - Returns: whether that made a key available.
    @discardableResult
    package mutating func done(_ key: Key) -> Bool {
        processing.remove(key)
        guard !isShutDown, let priority = dirty[key] else { return false }
        enqueue(key, priority)
        return true
    }

    /// Counts a failure of the key.
    /// - Returns: how long it has to wait, without jitter.
    package mutating func failed(_ key: Key) -> Duration {
        let count = min((failures[key] ?? 0) + 1, 1000)
        failures[key] = count
        return backoff.delay(afterFailures: count)
    }

    /// Forgets the failures of a key.
    package mutating func forget(_ key: Key) { failures[key] = nil }

    /// How often in a row a key has failed.
    package func failureCount(of key: Key) -> Int { failures[key] ?? 0 }

    /// From now on nothing is added and nothing handed out; work in progress goes on.
    package mutating func shutDown() {
        isShutDown = true
        dirty = [:]
        fresh = FIFO()
        background = FIFO()
        delayed = DelayHeap()
        failures = [:]
    }

    private mutating func enqueue(_ key: Key, _ priority: WorkPriority) {
        switch priority {
        case .fresh: fresh.append(key)
        case .background: background.append(key)
        }
    }

    private mutating func take(from queue: WritableKeyPath<Self, FIFO<Key>>, _ priority: WorkPriority) -> Key? {
        // A key that was moved forward is still in the queue that it left.
        while let key = self[keyPath: queue].popFirst() {
            guard dirty[key] == priority, !processing.contains(key) else { continue }
            dirty[key] = nil
            processing.insert(key)
            return key
        }
        return nil
    }
}

/// Which keys go first.
package enum WorkPriority: Int, Comparable, Sendable {
    /// What a first list or a resync brought.
    case background
    /// What somebody changed just now.
    case fresh

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
