import Effects
package import KubeAPI
import Synchronization

/// What is known of all objects of a kind: filled by a ``Reflector``, read by everybody.
///
/// **Guarantees.** Objects are values: nobody changes them here by changing a copy. A list replaces all at once. Within
/// one uid an object never becomes older by a watch or a write. Observers see every change, in one order, each before
/// the next, and may read the store: it is at least as new as the change.
package final class Store<Object: KubeObject>: Sendable {
    package typealias Observer = @Sendable (StoreChange<Object>) -> Void

    private struct State {
        var objects: StoreState<Object>
        var observers: [Observer] = []
        /// Changes not yet told; whoever finds nobody telling tells them all.
        var untold: [StoreChange<Object>] = []
        var isTelling = false
        var waiters = Waiters()
    }

    private let state: Mutex<State>

    /// A store that so many reflectors fill, each from another namespace.
    package init(namespaces: Int = 1) { state = Mutex(State(objects: StoreState(parts: namespaces))) }

    package func get(_ key: NamespacedName) -> Object? { state.withLock { $0.objects.objects[key] } }

    /// All objects of `namespace` (nil: of all), sorted by key.
    package func all(in namespace: String? = nil) -> [Object] {
        let objects = state.withLock { $0.objects.objects }
        return objects.filter { namespace == nil || $0.key.namespace == namespace }
            .sorted { $0.key < $1.key }.map(\.value)
    }

    package var count: Int { state.withLock { $0.objects.objects.count } }

    /// True since the first complete list of each namespace.
    package var hasSynced: Bool { state.withLock { $0.objects.hasSynced } }

    /// Adds an observer, before anything is in the store.
    ///
    /// It runs wherever the change was made, after the lock was released; it must not wait for anything.
    package func observe(_ observer: @escaping Observer) { state.withLock { $0.observers.append(observer) } }

    /// Lets go of all observers, which may hold what holds this store.
    package func close() { state.withLock { $0.observers = [] } }

    /// Returns as soon as the first list is in.
    /// - Throws: `CancellationError`.
    package func waitUntilSynced() async throws {
        try await state.wait(in: \.waiters) { !$0.objects.hasSynced }
    }

    /// Replaces everything, or everything of one namespace, by a list.
    ///
    /// What `isUnreadable` says of a key that the list lacks: it may be there all the same, and what was known of it
    /// stands, since an unreadable object is not a deleted one. What ``wrote(_:)`` brought since the list was asked for
    /// stands where `version`, the list's own, is older.
    package func replace(
        with list: [Object], at version: String = "", in namespace: String? = nil,
        keeping isUnreadable: (NamespacedName) -> Bool = { _ in false }
    ) {
        replace(with: ObjectTable(list), at: version, in: namespace, keeping: isUnreadable)
    }

    func replace(
        with list: ObjectTable<Object>, at version: String, in namespace: String?,
        keeping isUnreadable: (NamespacedName) -> Bool
    ) {
        change { $0.replace(with: list, at: version, in: namespace, keeping: isUnreadable) }
    }

    /// Takes what a watch told of an object; an older version than the one held is ignored.
    package func put(_ object: Object) { change { $0.put(object, cause: .watch) } }

    /// Takes the server's answer to a write of this process: the next reader sees it without waiting for the watch.
    ///
    /// An object that is not (or no longer) here stays away.
    package func wrote(_ object: Object) { change { $0.wrote(object) } }

    /// To be called before a list is asked for.
    ///
    /// - Returns: The version to ask for: `version`, or a newer one that this process wrote since. A list from an API
    ///   server whose cache is behind would else take back what was answered already.
    package func beginList(atLeast version: String?, in namespace: String?) -> String? {
        state.withLock { $0.objects.beginList(atLeast: version, in: namespace) }
    }

    /// Takes a deletion that a watch told.
    package func remove(_ key: NamespacedName, uid: String, resourceVersion: String) {
        change { $0.remove(key, uid: uid, resourceVersion: resourceVersion) }
    }

    private func change(_ body: (inout StoreState<Object>) -> [StoreChange<Object>]) {
        let (synced, tells) = state.withLock { state in
            let hadSynced = state.objects.hasSynced
            state.untold += body(&state.objects)
            let waiters = !hadSynced && state.objects.hasSynced ? state.waiters.takeAll() : []
            defer { state.isTelling = true }
            return (waiters, !state.isTelling)
        }
        if tells { tell() }
        for waiter in synced { waiter.resume() }
    }

    private func tell() {
        while true {
            let (changes, observers) = state.withLock { state in
                defer { state.untold = [] }
                if state.untold.isEmpty { state.isTelling = false }
                return (state.untold, state.observers)
            }
            if changes.isEmpty { return }
            for change in changes { for observer in observers { observer(change) } }
        }
    }
}
