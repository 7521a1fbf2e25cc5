import AdapterPlanning
import Synchronization

/// One copy of each value that many objects and servers repeat: with 10^5 pairs of them those are most of the memory.
final class Pool<Value: Hashable & Sendable>: Sendable {
    /// What is not needed any more goes with all else, once there is too much.
    private static var limit: Int { 50_000 }
    private let values = Mutex<Set<Value>>([])

    /// An equal value.
    func shared(_ value: Value) -> Value {
        values.withLock { values in
            if values.count >= Self.limit { values.removeAll() }
            return values.insert(value).memberAfterInsert
        }
    }

    func forgetAll() { values.withLock { $0 = [] } }
}

/// The pools of this process.
enum Pools {
    static let entries = Pool<Listing.Entry>()
    static let places = Pool<ServerStatus.Place>()
    private static let texts = Pool<String>()

    /// An equal text; what is short enough to be kept in place is not looked up.
    static func shared(_ text: String) -> String { text.utf8.count > 15 ? texts.shared(text) : text }

    /// Lets go of all; what is in use stays where it is used.
    static func forgetAll() {
        entries.forgetAll()
        places.forgetAll()
        texts.forgetAll()
    }
}
