import DynamicJSON

extension Model {
    /// Server-side apply: `submitted` is everything that this manager wants to own.
    mutating func apply(_ submitted: JSONValue, _ request: WriteRequest) throws -> WriteResult {
        let kind = request.kind
        let schema = kind.storedSchema(kinds)
        var configuration = kind.isCoreEvent ? EventForms.stored(submitted) : submitted
        try Self.checkMetadata(configuration, kind)
        let found = collection(kind).objects[request.key]?.value
        if found == nil, request.isStatus { throw Self.notFound(kind, request.name) }
        guard configuration["metadata", "managedFields"]?.arrayValue ?? [] == [] else {
            throw StatusError(400, "BadRequest", "metadata.managedFields must be nil")
        }
        if let name = configuration["metadata", "name"]?.stringValue, name != request.name {
            throw StatusError(
                400, "BadRequest",
                "the name of the object (\(name)) does not match the name on the URL (\(request.name))")
        }
        var undeclared: [String] = []
        schema.prune(&configuration, unknown: &undeclared)
        guard undeclared.isEmpty else {
            let problems = undeclared.map { ".\($0): field not declared in schema" }
            throw Self.untyped(
                request, submitted,
                problems.count == 1 ? problems.joined() : "errors:\n  " + problems.joined(separator: "\n  "))
        }
        let version = configuration["metadata", "resourceVersion"]?.stringValue ?? ""
        if !version.isEmpty, version != found?["metadata", "resourceVersion"]?.stringValue ?? "" {
            throw Self.conflict(kind, request.name)
        }
        let uid = configuration["metadata", "uid"]?.stringValue ?? ""
        if !uid.isEmpty, !request.isStatus, uid != found?["metadata", "uid"]?.stringValue ?? "" {
            throw StatusError(
                409, "Conflict",
                "Operation cannot be fulfilled on \(kind.qualifiedPlural) \"\(request.name)\": uid mismatch: the provided object specified uid \(uid), and no existing object was found",
                details: Self.details(kind, request.name))
        }
        let (manager, ignored) = (request.manager(isApply: true), request.ignoredFields)
        var fields: FieldSet
        do {
            fields = try TypedValue.fieldSet(of: configuration, schema).subtractingTrees(ignored)
        } catch let error as StatusError {
            throw Self.untyped(request, submitted, error.message)
        }
        fields.isMember = false
        configuration = TypedValue.removing(ignored, from: configuration, schema)

        var live = found ?? kind.emptyObject
        if found == nil {
            live["apiVersion"] = configuration["apiVersion"] ?? .string(kind.apiVersion)
            live["kind"] = .string(kind.kind)
            live["metadata"] = ["name": .string(request.name)]
            try settleNamespace(of: &live, request)
        }
        var managed = ManagedFields(of: live)
        live["metadata", "managedFields"] = nil
        let last = managed.entries[manager]?.fields ?? FieldSet()
        managed.set(fields, of: manager, at: request.time)
        var merged = TypedValue.merge(live, configuration, schema)
        let given = last.subtracting(fields)
        if !given.isEmpty {
            let gone = given.withNamedAncestors(schema).subtracting(managed.owned.withNamedAncestors(schema))
            merged = TypedValue.removing(gone, from: merged, schema)
        }
        merged["apiVersion"] = live["apiVersion"]
        merged["kind"] = live["kind"]

        let change = TypedValue.compare(live, merged, schema)
        let conflicts = managed.conflicts(with: manager, change)
        if !conflicts.isEmpty, !request.isForced { throw Self.applyConflict(conflicts) }
        let taken = change.modified.union(change.added).union(change.removed)
        for other in managed.entries.keys where other != manager { managed.take(taken, from: other) }

        if found == nil {
            initialiseMetadata(of: &merged, kind, at: request.time)
            if kind.hasStatus, !request.writesEverything { merged["status"] = nil }
            KindRules.prepare(&merged, kind, before: nil)
            schema.applyDefaults(to: &merged)
            merged["metadata", "managedFields"] = managed.json
            return try insert(merged, request, [])
        }
        restrict(&merged, to: request, live: found ?? live)
        KindRules.prepare(&merged, kind, before: found)
        schema.applyDefaults(to: &merged)
        merged["metadata", "managedFields"] = managed.json
        return try finish(merged, live: found ?? live, request, [])
    }

    /// 500, not 422: the real server's schema of appliers takes it for its own fault (fixture 046e).
    private static func untyped(_ request: WriteRequest, _ submitted: JSONValue, _ problem: String) -> StatusError {
        let (kind, namespace) = (request.kind, submitted["metadata", "namespace"]?.stringValue ?? "")
        let object = "(\(namespace)/\(request.name); \(kind.apiVersion), Kind=\(kind.kind))"
        return StatusError(500, "", "failed to create typed patch object \(object): \(problem)")
    }

    private static func applyConflict(_ conflicts: [(ManagedFields.Manager, FieldSet)]) -> StatusError {
        var causes: [Cause] = []
        var lines: [String] = []
        for (manager, fields) in conflicts {
            var owner = "\"\(manager.name)\""
            if !manager.subresource.isEmpty { owner += " with subresource \"\(manager.subresource)\"" }
            if !manager.isApply { owner += " using \(manager.apiVersion)" }
            lines.append("conflicts with \(owner):")
            for path in fields.paths.map({ $0.map(\.shown).joined() }) {
                causes.append(Cause(.conflict, path, "conflict with \(owner)"))
                lines.append("- \(path)")
            }
        }
        let list =
            causes.count == 1
            ? "1 conflict: \(causes[0].message): \(causes[0].field)"
            : "\(causes.count) conflicts: \(lines.joined(separator: "\n"))"
        return StatusError(
            409, "Conflict", "Apply failed with \(list)", details: ["causes": .array(causes.map(\.json))])
    }
}
