import KubeAPI

/// Folds repetitions of an event into one object, with client-go's times; pure.
struct EventSeries {
    /// A repetition within this time after the last one belongs to the same object.
    static let finishTime = Duration.seconds(360)
    /// How often a series that goes on is written.
    static let refreshTime = Duration.seconds(1800)
    /// How many are remembered at most; the older half is forgotten when there are more.
    static let capacity = 4096

    enum Write: Hashable {
        case create(Event, NamespacedName, at: Double)
        /// The event again, in case its object is gone.
        case update(Event, NamespacedName, count: Int, lastObserved: Double)
    }

    fileprivate struct Kind: Hashable {
        var regarding: ObjectReference
        var level: Event.Level
        var reason: String
        var action: String
    }

    fileprivate struct Entry {
        var event: Event
        var key: NamespacedName
        var count = 1
        var lastAt: Duration
        var lastObserved: Double
        var writtenCount = 1
        var writtenAt: Duration
    }

    private var entries: [Kind: Entry] = [:]

    /// Counts an event.
    /// - Returns: what to write now; nil for a repetition that waits for the next heartbeat.
    mutating func record(_ event: Event, key: NamespacedName, at now: Duration, unixTime: Double) -> Write? {
        let kind = Kind(regarding: event.regarding, level: event.level, reason: event.reason, action: event.action)
        guard var entry = entries[kind], now - entry.lastAt < Self.finishTime else {
            forgetOldest()
            entries[kind] = Entry(event: event, key: key, lastAt: now, lastObserved: unixTime, writtenAt: now)
            return .create(event, key, at: unixTime)
        }
        entry.count += entry.count < .max ? 1 : 0
        entry.lastAt = now
        entry.lastObserved = unixTime
        defer { entries[kind] = entry }
        // A series is told when it starts; how it goes on, by heartbeats and at its end.
        guard entry.count == 2 else { return nil }
        return entry.write(at: now)
    }

    /// Heartbeats and ends that are due, the oldest first; what has ended is forgotten.
    mutating func sweep(at now: Duration) -> [Write] {
        var writes: [(at: Duration, key: NamespacedName, write: Write)] = []
        for (kind, entry) in entries {
            var entry = entry
            let hasEnded = now - entry.lastAt >= Self.finishTime
            let isDue = hasEnded || now - entry.writtenAt >= Self.refreshTime
            if isDue, entry.count > entry.writtenCount {
                writes.append((entry.lastAt, entry.key, entry.write(at: now)))
            }
            entries[kind] = hasEnded ? nil : entry
        }
        return writes.sorted { ($0.at, $0.key) < ($1.at, $1.key) }.map(\.write)
    }

    private mutating func forgetOldest() {
        guard entries.count >= Self.capacity else { return }
        let oldest = entries.sorted { ($0.value.lastAt, $0.value.key) < ($1.value.lastAt, $1.value.key) }
        for (kind, _) in oldest.prefix(Self.capacity / 2) { entries[kind] = nil }
    }
}

extension EventSeries.Entry {
    fileprivate mutating func write(at now: Duration) -> EventSeries.Write {
        writtenCount = count
        writtenAt = now
        return .update(event, key, count: count, lastObserved: lastObserved)
    }
}
