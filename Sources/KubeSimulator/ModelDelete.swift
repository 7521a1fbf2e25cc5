import DynamicJSON

/// What a DELETE asks for.
struct DeleteOptions {
    var uid: String?
    var resourceVersion: String?
    var isDryRun = false

    init() {}

    init(_ body: JSONValue) {
        uid = body["preconditions", "uid"]?.stringValue
        resourceVersion = body["preconditions", "resourceVersion"]?.stringValue
        isDryRun = body["dryRun"]?.arrayValue?.contains("All") == true
    }
}

extension Model {
    /// Deletes, or marks as terminating where finalizers are left.
    ///
    /// - Returns: the terminating object; nil where it is gone.
    mutating func delete(
        _ kind: ResourceKind, _ key: ObjectKey, _ options: DeleteOptions, at time: String
    ) throws -> JSONValue? {
        let live = try stored(kind, key).value
        try check(options, live, kind, key.name)
        if kind.plural == "namespaces" { return try deleteNamespace(live, key.name, options, at: time) }
        guard !(live["metadata", "finalizers"]?.arrayValue ?? []).isEmpty else {
            if !options.isDryRun { remove(live, of: kind) }
            return nil
        }
        if live["metadata", "deletionTimestamp"] != nil || options.isDryRun { return live }
        return commit(terminating(live, kind, at: time), of: kind).value
    }

    private func terminating(_ live: JSONValue, _ kind: ResourceKind, at time: String) -> JSONValue {
        var object = live
        object["metadata", "deletionTimestamp"] = .string(time)
        object["metadata", "deletionGracePeriodSeconds"] = 0
        if kind.tracksGeneration {
            object["metadata", "generation"] = .int((live["metadata", "generation"]?.intValue ?? 0) &+ 1)
        }
        return object
    }

    private func check(_ options: DeleteOptions, _ live: JSONValue, _ kind: ResourceKind, _ name: String) throws {
        func refusal(_ what: String, _ wanted: String, _ found: String) -> StatusError {
            var details: JSONValue = ["name": .string(name), "kind": .string(kind.isCustom ? kind.kind : kind.plural)]
            if !kind.group.isEmpty { details["group"] = .string(kind.group) }
            let resource = kind.isCustom ? kind.qualifiedKind : kind.qualifiedPlural
            return StatusError(
                409, "Conflict",
                "Operation cannot be fulfilled on \(resource) \"\(name)\": the \(what) in the precondition (\(wanted)) does not match the \(what) in record (\(found)). The object might have been \(what == "UID" ? "deleted and then recreated" : "modified")",
                details: details)
        }
        let uid = live["metadata", "uid"]?.stringValue ?? ""
        if let wanted = options.uid, wanted != uid { throw refusal("UID", wanted, uid) }
        let version = live["metadata", "resourceVersion"]?.stringValue ?? ""
        if let wanted = options.resourceVersion, wanted != version { throw refusal("ResourceVersion", wanted, version) }
    }

    // MARK: Namespaces: the work of the namespace controller, done at once

    private mutating func deleteNamespace(
        _ live: JSONValue, _ name: String, _ options: DeleteOptions, at time: String
    ) throws -> JSONValue? {
        let namespaces = try kind(plural: "namespaces")
        if ["default", "kube-system", "kube-public"].contains(name) {
            throw StatusError(
                403, "Forbidden", "namespaces \"\(name)\" is forbidden: this namespace may not be deleted",
                details: Self.details(namespaces, name))
        }
        var object = live
        if live["metadata", "deletionTimestamp"] == nil {
            object = terminating(live, namespaces, at: time)
            object["status", "phase"] = "Terminating"
        }
        if options.isDryRun { return object }
        object = commit(object, of: namespaces).value
        for kind in kinds where kind.isNamespaced && !kind.isCoreEvent {
            for key in collection(kind).keys where key.namespace == name {
                _ = try delete(kind, key, DeleteOptions(), at: time)
            }
        }
        finishNamespace(name)
        return object
    }

    /// Removes a terminating namespace once it is empty.
    mutating func finishNamespace(_ name: String) {
        guard let namespaces = try? kind(plural: "namespaces"),
            let namespace = collection(namespaces).objects[ObjectKey(namespace: "", name: name)]?.value,
            namespace["metadata", "deletionTimestamp"] != nil
        else { return }
        let start = ObjectKey(namespace: name, name: "")
        let isEmpty = collections.values.allSatisfy { collection in
            let position = collection.position(of: start)
            return position >= collection.keys.count || collection.keys[position].namespace != name
        }
        if isEmpty { remove(namespace, of: namespaces) }
    }
}
