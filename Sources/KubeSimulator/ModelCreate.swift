import DynamicJSON

extension Model {
    mutating func create(_ submitted: JSONValue, _ request: WriteRequest) throws -> WriteResult {
        var request = request
        let kind = request.kind
        var object = kind.isCoreEvent ? EventForms.stored(submitted) : submitted
        try Self.checkMetadata(object, kind)
        if object["metadata", "name"]?.stringValue ?? "" == "",
            let prefix = object["metadata", "generateName"]?.stringValue,
            !prefix.isEmpty
        {
            object["metadata", "name"] = .string(String(prefix.prefix(58)) + makeSuffix())
        }
        request.name = object["metadata", "name"]?.stringValue ?? ""
        try settleNamespace(of: &object, request)
        if object["metadata", "resourceVersion"]?.stringValue ?? "" != "" {
            throw StatusError(500, "", "resourceVersion should not be set on objects to be created")
        }
        let warnings = try decode(&object, request)
        if kind.hasStatus, !request.writesEverything { object["status"] = nil }
        initialiseMetadata(of: &object, kind, at: request.time)
        KindRules.prepare(&object, kind, before: nil)
        kind.storedSchema(kinds).applyDefaults(to: &object)
        var managed = ManagedFields(of: [:])
        let change = TypedValue.compare(kind.emptyObject, object, kind.storedSchema(kinds))
        managed.update(request.manager(isApply: false), change, ignoring: request.ignoredFields, at: request.time)
        object["metadata", "managedFields"] = managed.json
        return try insert(object, request, warnings)
    }

    /// The last steps of a creation, also of one by apply.
    mutating func insert(_ submitted: JSONValue, _ request: WriteRequest, _ warnings: [String]) throws -> WriteResult {
        var object = submitted
        let kind = request.kind
        let address = kind.plural == "services" ? makeClusterIP() : ""
        KindRules.admit(&object, kind, clusterIP: address)
        try validate(object, kind, before: nil)
        guard collection(kind).objects[request.key] == nil else {
            throw StatusError(
                409, "AlreadyExists", "\(kind.qualifiedPlural) \"\(request.name)\" already exists",
                details: Self.details(kind, request.name))
        }
        try checkRoom(for: object, isNew: true)
        if request.isDryRun { return WriteResult(object: object, isCreated: true, warnings: warnings) }
        if kind.plural == "events" { forgetOldEvents(at: request.time) }
        return WriteResult(commit(object, of: kind), isCreated: true, warnings: warnings)
    }

    func initialiseMetadata(of object: inout JSONValue, _ kind: ResourceKind, at time: String) {
        var metadata = object["metadata"] ?? [:]
        for name in ["deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink", "managedFields"] {
            metadata[name] = nil
        }
        metadata["uid"] = .string(makeUID())
        metadata["creationTimestamp"] = .string(time)
        if kind.tracksGeneration { metadata["generation"] = 1 }
        object["metadata"] = metadata
    }

    /// Checks that the namespace fits the request, exists, and is not going away.
    func settleNamespace(of object: inout JSONValue, _ request: WriteRequest) throws {
        guard request.kind.isNamespaced else {
            object["metadata", "namespace"] = nil
            return
        }
        let stated = object["metadata", "namespace"]?.stringValue ?? ""
        guard stated.isEmpty || stated == request.namespace else {
            throw StatusError(
                400, "BadRequest",
                "the namespace of the provided object does not match the namespace sent on the request")
        }
        object["metadata", "namespace"] = .string(request.namespace)
        let namespaces = try kind(plural: "namespaces")
        let namespace = try stored(namespaces, ObjectKey(namespace: "", name: request.namespace)).value
        if namespace["metadata", "deletionTimestamp"] != nil {
            let (name, plural) = (object["metadata", "name"]?.stringValue ?? "", request.kind.qualifiedPlural)
            let problem =
                "unable to create new content in namespace \(request.namespace) because it is being terminated"
            var details = Self.details(request.kind, name)
            details["causes"] = [
                [
                    "reason": "NamespaceTerminating",
                    "message": .string("namespace \(request.namespace) is being terminated"),
                    "field": "metadata.namespace",
                ]
            ]
            throw StatusError(403, "Forbidden", "\(plural) \"\(name)\" is forbidden: \(problem)", details: details)
        }
    }

    static func checkMetadata(_ object: JSONValue, _ kind: ResourceKind) throws {
        if let metadata = object["metadata"], metadata.objectValue == nil, !metadata.isNull {
            throw StatusError(
                400, "BadRequest",
                "\(kind.kind) in version \"\(kind.version)\" cannot be handled as a \(kind.kind): json: cannot unmarshal metadata of type ObjectMeta"
            )
        }
    }

    /// Drops what the schema does not know: refused, warned of or passed over in silence, as asked.
    func decode(_ object: inout JSONValue, _ request: WriteRequest) throws -> [String] {
        let kind = request.kind
        var unknown: [String] = []
        kind.storedSchema(kinds).prune(&object, unknown: &unknown)
        guard !unknown.isEmpty else { return [] }
        let faults = unknown.map { "unknown field \"\($0)\"" }
        switch request.fieldValidation {
        case .ignore: return []
        case .warn: return faults
        case .strict:
            throw StatusError(
                400, "BadRequest",
                "\(kind.kind) in version \"\(kind.version)\" cannot be handled as a \(kind.kind): strict decoding error: \(faults.joined(separator: ", "))"
            )
        }
    }

    func validate(_ object: JSONValue, _ kind: ResourceKind, before old: JSONValue?) throws {
        var causes = ObjectMeta.causes(in: object, of: kind)
        causes += kind.storedSchema(kinds).causes(in: object, before: old)
        causes += KindRules.causes(in: object, kind, before: old, configuration)
        guard causes.isEmpty else {
            throw Self.invalid(kind, object["metadata", "name"]?.stringValue ?? "", causes)
        }
    }

    /// Events live for an hour, as on a real server.
    private mutating func forgetOldEvents(at time: String) {
        guard let now = CivilTime.unixTime(time), now >= lastEventSweep + 60, let kind = try? kind(plural: "events")
        else { return }
        lastEventSweep = now
        let current = collection(kind)
        for key in current.keys {
            guard let event = current.objects[key]?.value else { continue }
            let seen =
                event["series", "lastObservedTime"]?.stringValue ?? event["metadata", "creationTimestamp"]?.stringValue
            guard let seen, let age = CivilTime.unixTime(seen), age < now - 3600 else { continue }
            remove(event, of: kind)
        }
    }
}

extension ResourceKind {
    /// The schema of the form that is stored: events have one for both groups.
    func storedSchema(_ kinds: [ResourceKind]) -> Schema {
        isCoreEvent ? kinds.first { $0.storage == storage && !$0.isCoreEvent }?.schema ?? schema : schema
    }

    /// What ownership of a new object is measured against.
    ///
    /// Go's structs are never absent, so the parts of built-in kinds
    /// that are structs do not count as added.
    var emptyObject: JSONValue {
        if isCustom { return ["metadata": [:]] }
        var object: JSONValue = ["metadata": [:], "spec": [:], "status": [:]]
        if plural == "pods" { object["spec", "containers"] = .null }
        if plural == "events" {
            for name in ["regarding", "deprecatedSource"] { object[name] = [:] }
            for name in ["deprecatedFirstTimestamp", "deprecatedLastTimestamp"] { object[name] = .null }
        }
        return object
    }
}
