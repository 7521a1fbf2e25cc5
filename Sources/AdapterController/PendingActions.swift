import AdapterPlanning
import KubeAPI

/// The actions that objects ask of one server, in the order in which they were asked for: one for each object.
///
/// Once there are none, nothing is kept: what a thousand of them took would stay taken, on each server.
struct PendingActions {
    private var order: [Int: NamespacedName] = [:]
    private var actions: [NamespacedName: (place: Int, action: ServerAction)] = [:]
    private var first = 0
    private var next = 0

    var isEmpty: Bool { actions.isEmpty }

    /// What `key` asks for.
    subscript(_ key: NamespacedName) -> ServerAction? { actions[key]?.action }

    /// Replaces what `key` asks for; the same action keeps its place.
    ///
    /// Returns whether there is something new to do.
    mutating func set(_ action: ServerAction?, for key: NamespacedName) -> Bool {
        if let action, actions[key]?.action == action { return false }
        if let old = actions.removeValue(forKey: key) { order[old.place] = nil }
        guard let action else {
            if isEmpty { self = PendingActions() }
            return false
        }
        order[next] = key
        actions[key] = (next, action)
        next += 1
        return true
    }

    /// The oldest.
    var oldest: ServerAction? {
        (first..<next).lazy.compactMap { order[$0] }.first.flatMap { actions[$0]?.action }
    }

    /// Takes the oldest.
    mutating func take() -> ServerAction? {
        defer { if isEmpty { self = PendingActions() } }
        while first < next {
            defer { first += 1 }
            if let key = order.removeValue(forKey: first) { return actions.removeValue(forKey: key)?.action }
        }
        return nil
    }
}
