import Synchronization

/// One copy of each text that many objects and servers repeat: with 10^5 pairs of them those are most of the memory.
enum StringPool {
    /// What is not needed any more goes with all else, once there is too much.
    private static let limit = 50_000
    private static let texts = Mutex<Set<String>>([])

    /// What is in use stays where it is used.
    static func forgetAll() { texts.withLock { $0 = [] } }

    /// An equal text; what is short enough to be kept in place is not looked up.
    static func shared(_ text: String) -> String {
        guard text.utf8.count > 15 else { return text }
        return texts.withLock { texts in
            if texts.count >= limit { texts.removeAll() }
            return texts.insert(text).memberAfterInsert
        }
    }
}
