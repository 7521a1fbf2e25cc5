import DynamicJSON
import Synchronization

/// Namespace and name; cluster-scoped objects have an empty namespace.
struct ObjectKey: Hashable, Comparable, Sendable {
    var namespace: String
    var name: String

    static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}

/// One version of an object, encoded at most once in each form however many ask.
final class StoredObject: Sendable {
    /// How an object is shown.
    ///
    /// Tables are not kept: their ages change.
    enum Form: Hashable, Sendable { case whole, metadata, coreEvent }

    let key: ObjectKey
    let value: JSONValue
    let revision: UInt64
    /// Roughly the bytes it takes; 0 where it is only shown.
    let weight: Int
    private let encodings = Mutex<[Form: [UInt8]]>([:])

    init(key: ObjectKey, value: JSONValue, revision: UInt64, weight: Int = 0) {
        self.weight = weight
        self.key = key
        self.value = value
        self.revision = revision
    }

    /// An object as it is kept, under the key that its metadata says.
    convenience init(_ value: JSONValue, revision: UInt64) {
        let key = ObjectKey(
            namespace: value["metadata", "namespace"]?.stringValue ?? "",
            name: value["metadata", "name"]?.stringValue ?? "")
        self.init(key: key, value: value, revision: revision, weight: value.weight)
    }

    func encoded(_ form: Form) -> [UInt8] {
        if let bytes = encodings.withLock({ $0[form] }) { return bytes }
        let bytes = view(form).encoded
        encodings.withLock { $0[form] = bytes }
        return bytes
    }

    func view(_ form: Form) -> JSONValue {
        switch form {
        case .whole: value
        case .coreEvent: EventForms.core(value)
        case .metadata:
            [
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": value["metadata"] ?? [:],
            ]
        }
    }
}
