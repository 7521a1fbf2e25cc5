import DynamicJSON

extension Model {
    /// PUT and every patch but apply: `submitted` replaces the object, or its status.
    ///
    /// Patches are built on the live object, so that only what they say about uid and resourceVersion can differ from it.
    mutating func update(_ submitted: JSONValue, _ request: WriteRequest, isPatch: Bool) throws -> WriteResult {
        let kind = request.kind
        let live = try stored(kind, request.key).value
        var object = kind.isCoreEvent ? EventForms.stored(submitted) : submitted
        try Self.checkMetadata(object, kind)
        let name = object["metadata", "name"]?.stringValue ?? ""
        guard name == request.name else {
            throw StatusError(
                400, "BadRequest",
                "the name of the object (\(name)) does not match the name on the URL (\(request.name))")
        }
        try checkPreconditions(object, live, request, isPatch: isPatch)
        let warnings = try decode(&object, request)
        let submittedFields = object["metadata", "managedFields"]
        restrict(&object, to: request, live: live)
        KindRules.prepare(&object, kind, before: live)
        kind.storedSchema(kinds).applyDefaults(to: &object)

        // Clients may rewrite the entries (kubectl does, to migrate); an absent list keeps them, `[{}]` clears them.
        var base = live
        if let entries = submittedFields?.arrayValue, !entries.isEmpty {
            base["metadata", "managedFields"] = submittedFields
        }
        if submittedFields == [[:]] { base["metadata", "managedFields"] = nil }
        let isOurs = base["metadata", "managedFields"] == live["metadata", "managedFields"]
        var managed = ManagedFields(of: base, isOurs: isOurs)
        var plain = live
        plain["metadata", "managedFields"] = nil
        object["metadata", "managedFields"] = nil
        let change = TypedValue.compare(plain, object, kind.storedSchema(kinds))
        managed.update(request.manager(isApply: false), change, ignoring: request.ignoredFields, at: request.time)
        object["metadata", "managedFields"] = managed.json
        return try finish(object, live: live, request, warnings)
    }

    /// Common end of updates and applies: validation, generation, storing, and the end of a terminating object.
    mutating func finish(
        _ submitted: JSONValue, live: JSONValue, _ request: WriteRequest, _ warnings: [String]
    ) throws -> WriteResult {
        var object = submitted
        let kind = request.kind
        if kind.tracksGeneration, Self.countsAsNewGeneration(object, live, kind) {
            let generation = live["metadata", "generation"]?.intValue ?? 0
            object["metadata", "generation"] = .int(generation &+ 1)
        }
        let causes = Self.terminationCauses(object, live, kind)
        if !causes.isEmpty { throw Self.invalid(kind, request.name, causes) }
        try validate(object, kind, before: live)
        object["metadata", "resourceVersion"] = live["metadata", "resourceVersion"]
        try checkRoom(for: object, isNew: false)
        if request.isDryRun || object == live { return WriteResult(object: object, warnings: warnings) }
        let isTerminating = live["metadata", "deletionTimestamp"] != nil
        let isFinal = isTerminating && (object["metadata", "finalizers"]?.arrayValue ?? []).isEmpty
        if isFinal, kind.plural != "namespaces" {
            remove(object, of: kind)
            return WriteResult(object: object, warnings: warnings)
        }
        return WriteResult(commit(object, of: kind), warnings: warnings)
    }

    private func checkPreconditions(
        _ object: JSONValue, _ live: JSONValue, _ request: WriteRequest, isPatch: Bool
    ) throws {
        let kind = request.kind
        let uid = object["metadata", "uid"]?.stringValue ?? ""
        if !uid.isEmpty, uid != live["metadata", "uid"]?.stringValue, !request.isStatus {
            if isPatch {
                throw Self.invalid(kind, request.name, [.invalid("metadata.uid", .string(uid), "field is immutable")])
            }
            let found = live["metadata", "uid"]?.stringValue ?? ""
            throw StatusError(
                409, "Conflict",
                "Operation cannot be fulfilled on \(kind.qualifiedPlural) \"\(request.name)\": Precondition failed: UID in precondition: \(uid), UID in object meta: \(found)",
                details: Self.details(kind, request.name))
        }
        let version = object["metadata", "resourceVersion"]?.stringValue ?? ""
        if version.isEmpty {
            guard !isPatch, !request.writesEverything, kind.isCustom || kind.plural == "leases" else { return }
            let cause = Cause.invalid("metadata.resourceVersion", 0, "must be specified for an update")
            throw Self.invalid(kind, request.name, [cause])
        }
        guard version == live["metadata", "resourceVersion"]?.stringValue else {
            throw Self.conflict(kind, request.name)
        }
    }

    /// Puts back what this path may not change: metadata that the server owns, and status or everything but status.
    func restrict(_ object: inout JSONValue, to request: WriteRequest, live: JSONValue) {
        if request.isStatus {
            let status = object["status"]
            object = live
            object["status"] = status
            return
        }
        var metadata = object["metadata"] ?? [:]
        for name in [
            "name", "namespace", "generateName", "uid", "creationTimestamp", "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "generation", "resourceVersion",
        ] { metadata[name] = live["metadata", name] }
        metadata["selfLink"] = nil
        for name in ["labels", "annotations", "finalizers", "ownerReferences"] {
            // Go leaves empty maps and lists out.
            if metadata[name]?.objectValue?.isEmpty == true || metadata[name]?.arrayValue?.isEmpty == true
                || metadata[name]?.isNull == true
            {
                metadata[name] = nil
            }
        }
        object["metadata"] = metadata
        object["apiVersion"] = live["apiVersion"]
        object["kind"] = live["kind"]
        if request.kind.hasStatus, !request.writesEverything { object["status"] = live["status"] }
    }

    private static func countsAsNewGeneration(_ object: JSONValue, _ live: JSONValue, _ kind: ResourceKind) -> Bool {
        guard var new = object.objectValue, var old = live.objectValue else { return false }
        for name in ["metadata", kind.hasStatus ? "status" : "metadata"] {
            new[name] = nil
            old[name] = nil
        }
        return new != old
    }

    private static func terminationCauses(_ object: JSONValue, _ live: JSONValue, _ kind: ResourceKind) -> [Cause] {
        guard live["metadata", "deletionTimestamp"] != nil else { return [] }
        let before = live["metadata", "finalizers"]?.arrayValue ?? []
        let added = (object["metadata", "finalizers"]?.arrayValue ?? []).filter { !before.contains($0) }
        guard !added.isEmpty else { return [] }
        let list = added.map(\.text).joined(separator: ", ")
        let cause = Cause.forbidden(
            "metadata.finalizers",
            "no new finalizers can be added if the object is being deleted, found new finalizers []string{\(list)}")
        // Custom resources are checked by two layers, which both report (fixture 082).
        return kind.isCustom ? [cause, cause] : [cause]
    }
}
