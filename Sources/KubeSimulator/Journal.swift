package import DynamicJSON

/// Where a ``KubeSimulator`` keeps what must outlive the process.
///
/// Records are JSON, made by the model and given back to ``KubeSimulator/restore(_:)`` in their order.
package protocol Journal: Sendable {
    /// Stores what one request changed, all of it or nothing, and returns when it is safe.
    ///
    /// Nobody sees the change before that; when this throws, the request is refused and nothing has changed. `everything`
    /// is a record that stands for all records so far and this one.
    func append(_ record: JSONValue, everything: () -> JSONValue) throws
}

extension Model {
    /// What happened after `revision`, as a record; all there is where the history does not reach so far back.
    func record(since revision: UInt64) -> JSONValue {
        var stored: [JSONValue] = []
        var removed: [JSONValue] = []
        for kind in kinds where !kind.isReadOnly && !kind.isCoreEvent {
            guard let changes = collection(kind).changes(after: revision) else { return snapshot }
            var last: [ObjectKey: Collection.Change] = [:]
            for change in changes { last[change.object.key] = change }
            for (key, change) in last.sorted(by: { $0.key < $1.key }) {
                guard change.kind == .deleted else {
                    stored.append(change.object.value)
                    continue
                }
                removed.append([
                    "apiVersion": .string(kind.apiVersion), "kind": .string(kind.kind),
                    "namespace": .string(key.namespace), "name": .string(key.name),
                ])
            }
        }
        return [
            "resourceVersion": .string(String(self.revision)), "stored": .array(stored), "removed": .array(removed),
        ]
    }

    /// Brings back what the records say, instead of everything that is here.
    mutating func restore(_ records: [JSONValue]) throws {
        var objects: [String: JSONValue] = [:]
        var revision: UInt64 = 0
        for record in records {
            guard let version = record["resourceVersion"]?.stringValue.flatMap({ UInt64($0) }), version >= revision
            else { throw StatusError(400, "BadRequest", "a record is not one of this API server") }
            revision = version
            if let everything = record["objects"]?.arrayValue {
                objects = Dictionary(everything.map { (Self.identity($0), $0) }) { _, last in last }
                continue
            }
            for object in record["stored"]?.arrayValue ?? [] { objects[Self.identity(object)] = object }
            for object in record["removed"]?.arrayValue ?? [] { objects[Self.identity(object)] = nil }
        }
        try restore([
            "resourceVersion": .string(String(revision)),
            "objects": .array(objects.sorted { $0.key < $1.key }.map(\.value)),
        ])
    }

    /// Kind, namespace and name, of an object or of the word that one is gone.
    private static func identity(_ object: JSONValue) -> String {
        [
            object["apiVersion"], object["kind"], object["metadata", "namespace"] ?? object["namespace"],
            object["metadata", "name"] ?? object["name"],
        ].map { $0?.stringValue ?? "" }.joined(separator: "\n")
    }
}
