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
        var warnings: [String] = []
        do {
            warnings = try decode(&configuration, request)
        } catch let error as StatusError where request.fieldValidation == .strict && error.code == 400 { throw error }
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
        let manager = request.manager(isApply: true)
        var fields: FieldSet
        do {
            fields = try TypedValue.fieldSet(of: configuration, schema).subtractingTrees(request.ignoredFields)
        } catch let error as StatusError {
            throw StatusError(
                500, "",
                "failed to create typed patch object (\(request.kind.isNamespaced ? submitted["metadata", "namespace"]?.stringValue ?? "" : "")/\(request.name); \(kind.apiVersion), Kind=\(kind.kind)): \(error.message)"
            )
        }
        fields.isMember = false
        configuration = TypedValue.removing(request.ignoredFields, from: configuration, schema)

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
        let gone = last.withNamedAncestors(schema).subtracting(managed.owned.withNamedAncestors(schema))
        merged = TypedValue.removing(gone, from: merged, schema)
        merged["apiVersion"] = live["apiVersion"]
        merged["kind"] = live["kind"]

        let change = TypedValue.compare(live, merged, schema)
        let conflicts = managed.conflicts(with: manager, change)
        if !conflicts.isEmpty, !request.isForced { throw Self.applyConflict(conflicts, version: kind.apiVersion) }
        let taken = change.modified.union(change.added).union(change.removed)
        for other in managed.entries.keys where other != manager { managed.take(taken, from: other) }

        if found == nil {
            initialiseMetadata(of: &merged, kind, at: request.time)
            if kind.hasStatus, !request.writesEverything { merged["status"] = nil }
            KindRules.prepare(&merged, kind, before: nil)
            schema.applyDefaults(to: &merged)
            merged["metadata", "managedFields"] = managed.json
            return try insert(merged, request, warnings)
        }
        restrict(&merged, to: request, live: found ?? live)
        KindRules.prepare(&merged, kind, before: found)
        schema.applyDefaults(to: &merged)
        merged["metadata", "managedFields"] = managed.json
        return try finish(merged, live: found ?? live, request, warnings)
    }

    private static func applyConflict(_ conflicts: [(ManagedFields.Manager, FieldSet)], version: String) -> StatusError
    {
        var causes: [Cause] = []
        var lines: [String] = []
        for (manager, fields) in conflicts {
            var owner = "conflict with \"\(manager.name)\""
            if !manager.subresource.isEmpty { owner += " with subresource \"\(manager.subresource)\"" }
            if manager.apiVersion != version || !manager.isApply { owner += " using \(manager.apiVersion)" }
            let paths = fields.paths.map { $0.map(\.shown).joined() }
            for path in paths { causes.append(Cause(.conflict, path, owner)) }
            lines.append(
                paths.count == 1
                    ? "\(owner): \(paths[0])" : "\(owner):\n" + paths.map { "- \($0)" }.joined(separator: "\n"))
        }
        let summary = causes.count == 1 ? "1 conflict" : "\(causes.count) conflicts"
        let separator = conflicts.count == 1 ? " " : "\n"
        return StatusError(
            409, "Conflict", "Apply failed with \(summary):\(separator)\(lines.joined(separator: "\n"))",
            details: ["causes": .array(causes.map(\.json))])
    }
}
