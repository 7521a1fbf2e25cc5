import KubeAPI

extension Store {
    /// Adds to `queue` the keys that each change concerns.
    ///
    /// What a list brings waits behind what somebody changed just now.
    package func feed<Key>(
        _ queue: WorkQueue<Key>, _ keys: @escaping @Sendable (StoreChange<Object>) -> [Key]
    ) {
        observe { change in
            for key in keys(change) { queue.add(key, priority: change.cause == .list ? .background : .fresh) }
        }
    }
}
