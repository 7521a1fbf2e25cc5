import KubeAPI

/// What a watch has told of a first state so far: the store changes when it is whole, and not before; pure.
struct InitialEvents<Object: KubeObject>: Sendable {
    private(set) var objects = ObjectTable<Object>()
    /// What exists but cannot be read.
    private var unreadable: Set<NamespacedName?> = []

    /// How long so many objects may take: a server that ignores what it was asked for never comes to the end.
    static func patience(for count: Int) -> Duration { .seconds(60) + .milliseconds(10) * count }

    /// Takes one event.
    /// - Returns: the version of the state, once it is whole.
    /// - Throws: the error that the server ends the watch with.
    mutating func take(_ event: WatchEvent<Object>) throws(APIError) -> String? {
        switch event {
        case .added(let object), .modified(let object):
            objects[object.key] = object
            unreadable.remove(object.key)
        case .deleted(let object): forget(object.key)
        case .undecodable(let object): unreadable.insert(object.key)
        case .deletedUndecodable(let object): if let key = object.key { forget(key) }
        case .bookmark: break
        case .error(let error): throw error
        case .initialEventsEnd(let version): return version
        }
        return nil
    }

    /// Whether an object that is not among ``objects`` may exist all the same.
    func mayHold(_ key: NamespacedName) -> Bool { unreadable.mayHold(key) }

    private mutating func forget(_ key: NamespacedName) {
        objects[key] = nil
        unreadable.remove(key)
    }
}

/// The keys of what exists but cannot be read; nil is one without a name.
extension Set<NamespacedName?> {
    /// Whether the object is among them: one without a name may be any that seems to be missing.
    func mayHold(_ key: NamespacedName) -> Bool { contains(key) || contains(nil) }
}
