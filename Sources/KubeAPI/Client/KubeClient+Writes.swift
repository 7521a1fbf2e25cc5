import Effects

extension KubeClient {
    /// Applies `body` (server-side apply): it must hold `apiVersion`, `kind`, `metadata.name` and everything that
    /// `fieldManager` owns, since what it leaves out is removed.
    ///
    /// A `metadata.resourceVersion` in `body` guards against an object that changed or was made anew: then
    /// ``APIError/conflict(_:)``. A wrong uid alone is accepted by real servers. `force` takes fields over from other
    /// managers.
    package func apply<Object: KubeObject>(
        _ body: some Encodable, as type: Object.Type = Object.self, _ key: NamespacedName, subresource: String? = nil,
        fieldManager: String, force: Bool = true
    ) async throws -> Object {
        let target = RequestTarget(type, key, subresource: subresource)
        return try await write(
            "apply", .patch, target, as: type, contentType: "application/apply-patch+yaml", body: body,
            query: [("fieldManager", fieldManager), ("force", force ? "true" : "false")])
    }

    /// Applies a JSON Patch; a failed `test` is ``APIError/invalid(_:)``.
    package func patch<Object: KubeObject>(
        _ type: Object.Type = Object.self, _ key: NamespacedName, json operations: [JSONPatchOperation],
        subresource: String? = nil, fieldManager: String? = nil
    ) async throws -> Object {
        try await write(
            "patch", .patch, RequestTarget(type, key, subresource: subresource), as: type,
            contentType: "application/json-patch+json", body: operations, query: manager(fieldManager))
    }

    /// Applies a merge patch (RFC 7386): `null` removes a field, arrays are replaced whole.
    package func patch<Object: KubeObject>(
        _ type: Object.Type = Object.self, _ key: NamespacedName, merging body: some Encodable,
        subresource: String? = nil, fieldManager: String? = nil
    ) async throws -> Object {
        try await write(
            "patch", .patch, RequestTarget(type, key, subresource: subresource), as: type,
            contentType: "application/merge-patch+json", body: body, query: manager(fieldManager))
    }

    /// Creates the object that `body` describes, whole, with `apiVersion`, `kind` and `metadata.name`.
    package func create<Object: KubeObject>(
        _ body: some Encodable, as type: Object.Type = Object.self, in namespace: String?,
        fieldManager: String? = nil
    ) async throws -> Object {
        try await write(
            "create", .post, RequestTarget(resource: type.resource, namespace: namespace), as: type,
            contentType: "application/json", body: body, query: manager(fieldManager))
    }

    /// Deletes an object, or starts its deletion where finalizers hold it.
    ///
    /// With a uid only that one: a successor of the same name is a ``APIError/conflict(_:)``.
    package func delete<Object: KubeObject>(
        _ type: Object.Type, _ key: NamespacedName, uid: String? = nil
    ) async throws {
        let target = RequestTarget(type, key)
        var call = Call(attempt: "delete \(target.description)", method: .delete, target: target)
        call.contentType = "application/json"
        call.body = try encode(DeleteOptions(preconditions: uid.map(DeleteOptions.Preconditions.init)), call.attempt)
        // The answer is the object or a Status; either means that the server took it.
        try await exchange(call) { response, _ in
            for try await _ in response.body {}
        }
    }

    private func write<Object: KubeObject>(
        _ verb: String, _ method: HTTPRequest.Method, _ target: RequestTarget, as type: Object.Type,
        contentType: String, body: some Encodable, query: [(name: String, value: String)]
    ) async throws -> Object {
        var call = Call(attempt: "\(verb) \(target.description)", method: method, target: target, query: query)
        call.contentType = contentType
        call.body = try encode(body, call.attempt)
        let attempt = call.attempt
        return try await exchange(call) { response, _ in try await object(type, in: response, attempt: attempt) }
    }

    private func encode(_ body: some Encodable, _ attempt: String) throws -> [UInt8] {
        do {
            return try JSON.encode(body)
        } catch {
            throw APIError.unsendable("cannot be written as JSON", attempt: attempt)
        }
    }

    private func manager(_ name: String?) -> [(name: String, value: String)] {
        name.map { [("fieldManager", $0)] } ?? []
    }
}

private struct DeleteOptions: Encodable {
    struct Preconditions: Encodable { var uid: String }

    var apiVersion = "v1"
    var kind = "DeleteOptions"
    var preconditions: Preconditions?
}
