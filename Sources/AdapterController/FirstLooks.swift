import AdapterPlanning
import KubeAPI
import Synchronization

/// What each object's status said when this process first looked at it.
final class FirstLooks: Sendable {
    private struct Look {
        var uid: String
        var inherited: InheritedLoads?
    }

    private let looks = Mutex<[NamespacedName: Look]>([:])

    /// What processes before this one may have sent for the object; `now` is the time of this look.
    func inherited(by adapter: LoRAAdapter, now: Duration) -> InheritedLoads? {
        looks.withLock { looks in
            if let look = looks[adapter.key], look.uid == adapter.metadata.uid { return look.inherited }
            let inherited = InheritedLoads(adapter.status, since: now)
            let look = Look(uid: adapter.metadata.uid, inherited: inherited.claims.isEmpty ? nil : inherited)
            looks[adapter.key] = look
            return look.inherited
        }
    }

    func forget(_ key: NamespacedName) { looks.withLock { $0[key] = nil } }
}
