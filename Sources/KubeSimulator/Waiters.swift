/// Tasks that sleep until a resource changes.
struct Waiters: Sendable {
    private struct Waiter: Sendable {
        var id: UInt64
        var continuation: CheckedContinuation<Void, Never>
    }

    private var waiters: [String: [Waiter]] = [:]
    private var cancelled: Set<UInt64> = []
    private var nextID: UInt64 = 0

    mutating func makeID() -> UInt64 {
        nextID += 1
        return nextID
    }

    /// False where the wait was cancelled before it began.
    mutating func add(_ continuation: CheckedContinuation<Void, Never>, id: UInt64, for resource: String) -> Bool {
        if cancelled.remove(id) != nil { return false }
        waiters[resource, default: []].append(Waiter(id: id, continuation: continuation))
        return true
    }

    /// Those who wait for any of `resources`, in the order in which they came.
    mutating func take(_ resources: Set<String>) -> [CheckedContinuation<Void, Never>] {
        if resources.isEmpty || waiters.isEmpty { return [] }
        return resources.sorted().flatMap { waiters.removeValue(forKey: $0) ?? [] }.sorted { $0.id < $1.id }.map(
            \.continuation)
    }

    /// Ends one wait; remembers it where the wait has not begun.
    mutating func cancel(_ id: UInt64, for resource: String) -> CheckedContinuation<Void, Never>? {
        guard let index = waiters[resource]?.firstIndex(where: { $0.id == id }) else {
            cancelled.insert(id)
            return nil
        }
        return waiters[resource]?.remove(at: index).continuation
    }

    mutating func forget(_ id: UInt64) { cancelled.remove(id) }
}
