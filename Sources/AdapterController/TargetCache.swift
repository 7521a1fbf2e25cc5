import AdapterPlanning
import KubeAPI
import KubeRuntime
import Synchronization

/// The servers behind Services, found once for all objects that share one, until something changes that they come from.
final class TargetCache: Sendable {
    struct Query: Hashable {
        enum Port: Hashable {
            case service(AdapterSpec.ServiceReference)
            case endpoint(service: String, port: Int)
        }

        var namespace: String
        var port: Port
    }

    private struct State {
        var found: [Query: TargetResolver.Found] = [:]
        /// Counts the changes, so that what was found in older stores is not kept.
        var version = 0
    }

    private let state = Mutex(State())

    /// Forgets everything with each change of `store`.
    func follow<Object: KubeObject>(_ store: Store<Object>) {
        store.observe { [self] _ in
            state.withLock { state in
                state.version += 1
                state.found.removeAll()
            }
        }
    }

    func value(for query: Query, find: () -> TargetResolver.Found) -> TargetResolver.Found {
        let (known, version) = state.withLock { ($0.found[query], $0.version) }
        if let known { return known }
        let found = find()
        state.withLock { state in
            if state.version == version { state.found[query] = found }
        }
        return found
    }
}
