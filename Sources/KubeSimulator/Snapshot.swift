import DynamicJSON

extension Model {
    /// Every object but the definitions, which come from the configuration, and the newest resourceVersion.
    var snapshot: JSONValue {
        var objects: [JSONValue] = []
        for kind in kinds where !kind.isReadOnly && !kind.isCoreEvent {
            let collection = collection(kind)
            objects += collection.keys.compactMap { collection.objects[$0]?.value }
        }
        return ["resourceVersion": .string(String(revision)), "objects": .array(objects)]
    }

    /// - Throws: ``StatusError`` for what is no snapshot. Objects whose kind is not served any more are left out.
    mutating func restore(_ snapshot: JSONValue, isRewinding: Bool = false) throws {
        guard let objects = snapshot["objects"]?.arrayValue, let version = snapshot["resourceVersion"]?.stringValue,
            let revision = UInt64(version), revision < UInt64.max / 2
        else { throw StatusError(400, "BadRequest", "this is no snapshot of an API server") }
        let definitions = try kind(plural: "customresourcedefinitions")
        var restored = collection(definitions).keys.compactMap { collection(definitions).objects[$0]?.value }.map {
            (definitions, $0)
        }
        for object in objects {
            guard let kind = try? kind(of: object), !kind.isReadOnly, object["metadata", "name"]?.stringValue != nil
            else { continue }
            restored.append((kind, object))
        }
        // Namespaces first, so that nothing is ever in a namespace that is not there.
        // Where something is undone, whoever has seen all must hear of it: one revision more, as etcd is told to take.
        replaceAll(
            restored.sorted { $0.0.plural == "namespaces" && $1.0.plural != "namespaces" },
            revision: isRewinding || self.revision <= revision ? revision : self.revision + 1)
    }
}
