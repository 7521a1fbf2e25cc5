/// Where a watch begins.
package enum WatchStart: Hashable, Sendable {
    /// With what changes after this version.
    case after(String)
    /// With everything there is, at least as new as this version (nil: the newest), as added events up to
    /// ``WatchEvent/initialEventsEnd(resourceVersion:)``: KEP-3157, which servers have by default since 1.34.
    case everything(atLeast: String?)

    var query: [(name: String, value: String)] {
        switch self {
        case .after(let version): return [("resourceVersion", version)]
        case .everything(let version):
            let query = [("sendInitialEvents", "true"), ("resourceVersionMatch", "NotOlderThan")]
            // Without a version the server asks etcd how new it has to be.
            return version.map { query + [("resourceVersion", $0)] } ?? query
        }
    }
}
