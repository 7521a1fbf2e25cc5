import KubeAPI

/// When a store is compared with the API server: each time that everything was read, and every interval; pure.
struct CacheCheck {
    /// nil: never.
    let interval: Duration?
    private var next = Duration.zero
    /// Everything is read because of a difference; one that is still there has time until the next look.
    private var isRepairing = false

    init(every interval: Duration?) { self.interval = interval }

    func isDue(at now: Duration) -> Bool { interval != nil && now >= next }

    /// Everything was read.
    mutating func synced(at now: Duration) {
        next = isRepairing ? now + (interval ?? .zero) : now
        isRepairing = false
    }

    /// The store was compared, as far as the server let it.
    mutating func looked(at now: Duration, foundDifferences: Bool) {
        next = now + (interval ?? .zero)
        isRepairing = foundDifferences
    }
}

/// An object that a store has otherwise than the API server had it.
package struct CacheDifference: Hashable, Sendable, CustomStringConvertible {
    let key: NamespacedName
    /// uid and resourceVersion; nil where there is no such object.
    let held: Version?
    let listed: Version?

    struct Version: Hashable, Sendable, CustomStringConvertible {
        let uid: String
        let resourceVersion: String

        init(_ metadata: ObjectMeta) {
            uid = metadata.uid
            resourceVersion = metadata.resourceVersion
        }

        var description: String { "\(uid) at \(resourceVersion)" }
    }

    package var description: String {
        "\(key) is \(listed?.description ?? "gone"), held \(held?.description ?? "not at all")"
    }

    /// Where `objects` are not what `list` says, sorted; both are as of the list's version, but for what this process
    /// wrote since.
    static func all<Object: KubeObject>(of objects: [Object], to list: ObjectList<Object>) -> [CacheDifference] {
        let unreadable = Set(list.undecodable.map(\.key))
        var listed = Dictionary(list.items.map { ($0.key, Version($0.metadata)) }) { _, last in last }
        var differences: [CacheDifference] = []
        for object in objects {
            let (key, held) = (object.key, Version(object.metadata))
            let found = listed.removeValue(forKey: key)
            let isNewer = ResourceVersion.isOlder(list.resourceVersion, than: held.resourceVersion) != false
            if found == held || isNewer || unreadable.mayHold(key) { continue }
            differences.append(CacheDifference(key: key, held: held, listed: found))
        }
        differences += listed.map { CacheDifference(key: $0.key, held: nil, listed: $0.value) }
        return differences.sorted { $0.key < $1.key }
    }
}
