package import KubeAPI
import Synchronization

/// Finds the objects of a store by something that stands in them, in time proportional to what it finds.
///
/// It has to be made before the store's other observers are added: then they find it as new as the change.
package final class StoreIndex<Object: KubeObject, Value: Hashable & Sendable>: Sendable {
    private let keys = Mutex<[Value: Set<NamespacedName>]>([:])

    /// An index of `store` by all the values that an object has.
    package init(of store: Store<Object>, by values: @escaping @Sendable (Object) -> [Value]) {
        // The store owns the index, by its observer.
        store.observe { change in
            let (before, after) = (change.old.map(values) ?? [], change.new.map(values) ?? [])
            // Most changes are of something else.
            guard before != after else { return }
            let (old, new) = (Set(before), Set(after))
            self.keys.withLock { keys in
                for value in new.subtracting(old) { keys[value, default: []].insert(change.key) }
                for value in old.subtracting(new) {
                    keys[value]?.remove(change.key)
                    if keys[value]?.isEmpty == true { keys[value] = nil }
                }
            }
        }
    }

    /// The keys of the objects that have this value, sorted.
    package func keys(for value: Value) -> [NamespacedName] { (keys.withLock { $0[value] } ?? []).sorted() }
}
