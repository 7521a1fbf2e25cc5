import KubeAPI

/// The objects of a store and the rules by which they change; pure.
struct StoreState<Object: KubeObject> {
    private(set) var objects = ObjectTable<Object>()
    /// The namespaces that were listed; nil stands for all.
    private var listed: Set<String?> = []
    /// What this process wrote since the last list was asked for, with its version.
    private var written: [NamespacedName: String] = [:]
    /// The newest version that this process wrote and no list has shown, by namespace.
    private var newest: [String: String] = [:]
    private let parts: Int

    init(parts: Int) { self.parts = parts }

    var hasSynced: Bool { listed.count >= parts }

    /// Takes the list as the truth: what it lacks is gone, except what it holds but cannot be read, and what this
    /// process wrote after it was made.
    ///
    /// An object of another uid is a deletion, then an addition: nobody may take it for the same one.
    mutating func replace(
        with list: ObjectTable<Object>, at version: String, in namespace: String?,
        keeping unreadable: (NamespacedName) -> Bool
    ) -> [StoreChange<Object>] {
        var next = list
        if let namespace {
            for (key, object) in objects where key.namespace != namespace { next[key] = object }
        }
        for (key, object) in objects where next[key] == nil && unreadable(key) { next[key] = object }
        newest = newest.filter { namespace != nil && $0.key != namespace }
        for (key, write) in written where namespace == nil || key.namespace == namespace {
            guard ResourceVersion.isOlder(version, than: write) == true else { continue }
            newest[key.namespace] = Self.newer(write, newest[key.namespace] ?? write)
            let own = objects[key]
            if own?.metadata.uid == (next[key] ?? own)?.metadata.uid { next[key] = own }
        }
        var changes: [StoreChange<Object>] = []
        for (key, old) in sorted(objects) where next[key]?.metadata.uid != old.metadata.uid {
            changes.append(StoreChange(key: key, old: old, new: nil, cause: .list))
        }
        for (key, new) in sorted(next) {
            let old = objects[key].flatMap { $0.metadata.uid == new.metadata.uid ? $0 : nil }
            // The same version of the same object is the same object.
            if let old, old.metadata.resourceVersion == new.metadata.resourceVersion { continue }
            changes.append(StoreChange(key: key, old: old, new: new, cause: .list))
        }
        objects = next
        listed.insert(namespace)
        return changes
    }

    /// Takes an added or modified object, unless the store has a newer one.
    mutating func put(_ object: Object, cause: StoreChange<Object>.Cause) -> [StoreChange<Object>] {
        let key = object.key
        guard let old = objects[key] else {
            objects[key] = object
            return [StoreChange(key: key, old: nil, new: object, cause: cause)]
        }
        let (has, comes) = (old.metadata.resourceVersion, object.metadata.resourceVersion)
        let isSame = old.metadata.uid == object.metadata.uid
        if (isSame && has == comes) || ResourceVersion.isOlder(comes, than: has) == true { return [] }
        objects[key] = object
        guard !isSame else { return [StoreChange(key: key, old: old, new: object, cause: cause)] }
        return [
            StoreChange(key: key, old: old, new: nil, cause: cause),
            StoreChange(key: key, old: nil, new: object, cause: cause),
        ]
    }

    /// Takes an object that this process wrote, if the store still has it: a deletion told meanwhile stands.
    mutating func wrote(_ object: Object) -> [StoreChange<Object>] {
        guard let old = objects[object.key], old.metadata.uid == object.metadata.uid else { return [] }
        let (namespace, version) = (object.key.namespace, object.metadata.resourceVersion)
        newest[namespace] = Self.newer(version, newest[namespace] ?? version)
        written[object.key] = Self.newer(version, written[object.key] ?? version)
        return put(object, cause: .write)
    }

    /// A list is about to be asked for.
    /// - Returns: what it has to be at least as new as, so that it takes nothing back: `version`, or what this process
    ///   wrote since.
    mutating func beginList(atLeast version: String?, in namespace: String?) -> String? {
        func isListed(_ other: String) -> Bool { namespace == nil || other == namespace }
        written = written.filter { !isListed($0.key.namespace) }
        return version.map { newest.filter { isListed($0.key) }.values.reduce($0, Self.newer) }
    }

    /// `left` where the two cannot be compared.
    private static func newer(_ left: String, _ right: String) -> String {
        ResourceVersion.isOlder(left, than: right) == true ? right : left
    }

    /// Drops an object, unless the store has a successor of another uid that is newer than the deletion.
    mutating func remove(_ key: NamespacedName, uid: String, resourceVersion: String) -> [StoreChange<Object>] {
        guard let old = objects[key] else { return [] }
        let isOther = old.metadata.uid != uid && !uid.isEmpty
        if isOther, ResourceVersion.isOlder(resourceVersion, than: old.metadata.resourceVersion) == true { return [] }
        objects[key] = nil
        written[key] = nil
        return [StoreChange(key: key, old: old, new: nil, cause: .watch)]
    }

    private func sorted(_ objects: ObjectTable<Object>) -> [ObjectTable<Object>.Element] {
        objects.sorted { $0.key < $1.key }
    }
}
