/// What a work queue holds, with client-go's rules; pure, time is an argument.
///
/// A key that waits is handed out once, however often it was added. A key that is being worked on is handed out to
/// nobody else; added meanwhile, it comes once more afterwards. Within a priority, first come, first served; a key in the
/// background lets at most ``patience`` fresh ones go before it in a row.
package struct WorkQueueState<Key: Hashable & Sendable>: Sendable {
    /// Keys to be handed out, each with its priority; those in progress too if they were added again.
    private var dirty: [Key: WorkPriority] = [:]
    /// Since when each of them waits.
    private var waitingSince: [Key: Duration] = [:]
    /// Since when each key is in progress.
    private var processing: [Key: Duration] = [:]
    private var fresh = FIFO<Key>()
    private var background = FIFO<Key>()
    /// How many fresh keys went first in a row.
    private var row = 0
    private var delayed = DelayHeap<Key>()
    private var failures: [Key: Int] = [:]
    package private(set) var isShutDown = false
    /// How many keys were added, repetitions not counted.
    package private(set) var adds = 0
    /// How many failures were counted.
    package private(set) var retries = 0

    private let backoff: Backoff
    /// What all keys together may fail.
    private var allowance = FailureAllowance()

    package init(backoff: Backoff = Backoff(base: .seconds(1), limit: .seconds(300))) { self.backoff = backoff }

    /// So many fresh keys in a row go before those in the background: one that never rests must not hold back the rest.
    package static var patience: Int { 16 }

    /// Number of keys that could be handed out now.
    package private(set) var depth = 0

    /// Number of keys in progress.
    package var inProgress: Int { processing.count }

    /// Number of keys that wait for their time.
    package var delayedCount: Int { delayed.count }

    /// When the next delayed key is due.
    package var nextDeadline: Duration? { delayed.first?.deadline }

    /// For how long each key in progress has been so.
    package func workTimes(at now: Duration) -> [Duration] { processing.values.map { now - $0 } }

    /// Adds a key to be handed out as soon as possible; a higher priority than before moves it forward.
    /// - Returns: whether that made a key available that was not.
    @discardableResult
    package mutating func add(_ key: Key, priority: WorkPriority = .fresh, now: Duration) -> Bool {
        guard !isShutDown else { return false }
        let previous = dirty[key]
        if let previous, previous >= priority { return false }
        dirty[key] = priority
        if previous == nil {
            waitingSince[key] = now
            adds += 1
        }
        guard processing[key] == nil else { return false }
        enqueue(key, priority)
        guard previous == nil else { return false }
        depth += 1
        return true
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
            if add(due.key, priority: due.priority, now: now) { added += 1 }
        }
        return added
    }

    /// Hands out the next key, and says how long it has waited; ``done(_:)`` has to follow.
    package mutating func take(at now: Duration) -> (key: Key, waited: Duration)? {
        guard !isShutDown else { return nil }
        guard let key = nextKey() else { return nil }
        dirty[key] = nil
        processing[key] = now
        depth -= 1
        return (key, now - (waitingSince.removeValue(forKey: key) ?? now))
    }

    /// Tells that the work on a key has ended.
    /// - Returns: whether that made a key available.
    @discardableResult
    package mutating func done(_ key: Key) -> Bool {
        guard processing.removeValue(forKey: key) != nil, let priority = dirty[key] else { return false }
        enqueue(key, priority)
        depth += 1
        return true
    }

    /// Counts a failure of the key.
    ///
    /// Where many keys fail at once they share ten attempts a second, after the first hundred: what they have in common
    /// is not mended sooner by asking more often (client-go's default limiter).
    /// - Returns: how long it has to wait, without jitter.
    package mutating func failed(_ key: Key, at now: Duration) -> Duration {
        let count = min((failures[key] ?? 0) + 1, 1000)
        failures[key] = count
        retries += 1
        return max(backoff.delay(afterFailures: count), allowance.reserve(at: now))
    }

    /// The keys that have failed and not yet succeeded.
    package var failing: some Collection<Key> { failures.keys }

    /// What they had in common is mended: their turn comes within their own backoff again.
    package mutating func forgive() { allowance = FailureAllowance() }

    /// Forgets the failures of a key.
    package mutating func forget(_ key: Key) { failures[key] = nil }

    /// How often in a row a key has failed.
    package func failureCount(of key: Key) -> Int { failures[key] ?? 0 }

    /// From now on nothing is added and nothing handed out; work in progress goes on.
    package mutating func shutDown() {
        isShutDown = true
        dirty = [:]
        depth = 0
        waitingSince = [:]
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

    private mutating func nextKey() -> Key? {
        if row < Self.patience, let key = Self.next(in: &fresh, .fresh, dirty, processing) {
            row += 1
            return key
        }
        row = 0
        return Self.next(in: &background, .background, dirty, processing)
            ?? Self.next(in: &fresh, .fresh, dirty, processing)
    }

    private static func next(
        in queue: inout FIFO<Key>, _ priority: WorkPriority, _ dirty: [Key: WorkPriority], _ processing: [Key: Duration]
    ) -> Key? {
        while let key = queue.popFirst() {
            // A key that was moved forward is still in the queue that it left.
            if dirty[key] == priority, processing[key] == nil { return key }
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
