import KubeAPI

/// Objects by their keys, each in memory of its own: a table of many large ones has little room that waits for more, and
/// is cheap to copy.
struct ObjectTable<Object: KubeObject>: Sequence, Sendable {
    typealias Element = (key: NamespacedName, value: Object)

    private final class Holder: Sendable {
        let object: Object

        init(_ object: Object) { self.object = object }
    }

    private var holders: [NamespacedName: Holder] = [:]

    /// What comes last under a key stands.
    init(_ objects: [Object] = []) {
        for object in objects { self[object.key] = object }
    }

    var count: Int { holders.count }

    subscript(key: NamespacedName) -> Object? {
        get { holders[key]?.object }
        set { holders[key] = newValue.map(Holder.init) }
    }

    func makeIterator() -> some IteratorProtocol<Element> {
        holders.lazy.map { (key: $0.key, value: $0.value.object) }.makeIterator()
    }
}
