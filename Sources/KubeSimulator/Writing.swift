import DynamicJSON
import Effects

extension KubeSimulator {
    private func writeRequest(
        _ request: HTTPRequest, _ address: ResourceAddress, _ name: String, _ target: RequestTarget
    ) -> WriteRequest {
        let agent = request.headers.first(named: "User-Agent") ?? ""
        let fallback = String(agent.prefix { $0 != "/" }.prefix(128))
        var manager = String((target["fieldManager"] ?? "").prefix(128))
        if manager.isEmpty { manager = fallback.isEmpty ? "unknown" : fallback }
        return WriteRequest(
            kind: address.kind, namespace: address.namespace ?? "", name: name, subresource: address.subresource,
            fieldManager: manager,
            fieldValidation: WriteRequest.FieldValidation(rawValue: target["fieldValidation"] ?? "") ?? .warn,
            isDryRun: target["dryRun"] == "All", isForced: target.flag("force"), time: timestamp)
    }

    private static func mediaType(_ request: HTTPRequest) -> String {
        let header = request.headers.first(named: "Content-Type") ?? ""
        return header.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
    }

    /// The object in a request's body.
    ///
    /// - Throws: ``StatusError`` 415, or 400 with the parser's words (fixtures 028, 029, 124).
    private static func body(_ request: HTTPRequest, _ kind: ResourceKind) throws -> JSONValue {
        let bytes = request.body ?? []
        var value: JSONValue
        switch mediaType(request) {
        case "", "application/json":
            do {
                value = try JSONParser.parse(bytes)
            } catch {
                let text = String(decoding: bytes.prefix(200), as: UTF8.self)
                throw StatusError(
                    400, "BadRequest",
                    "the object provided is unrecognized (must be of type \(kind.kind)): couldn't get version/kind; json parse error: \(error.message) (\(text))"
                )
            }
        case "application/yaml": value = try yaml(bytes)
        case "application/vnd.kubernetes.protobuf":
            guard let object = ProtobufObject.decode(bytes) else { throw unsupportedMediaType }
            value = object
        default: throw unsupportedMediaType
        }
        guard value.objectValue != nil else {
            throw StatusError(400, "BadRequest", "the object provided is unrecognized (must be of type \(kind.kind))")
        }
        if value["apiVersion"] == nil, value["kind"] == nil, !kind.isCustom {
            value["apiVersion"] = .string(kind.apiVersion)
            value["kind"] = .string(kind.kind)
        }
        let (apiVersion, name) = (value["apiVersion"]?.stringValue ?? "", value["kind"]?.stringValue ?? "")
        guard apiVersion == kind.apiVersion else {
            throw StatusError(
                400, "BadRequest",
                "the API version in the data (\(apiVersion)) does not match the expected API version (\(kind.apiVersion))"
            )
        }
        guard name == kind.kind else {
            throw StatusError(
                400, "BadRequest", "\(name) in version \"\(kind.version)\" cannot be handled as a \(kind.kind)")
        }
        return value
    }

    private static func yaml(_ bytes: [UInt8]) throws -> JSONValue {
        if let value = try? JSONParser.parse(bytes) { return value }
        let documents = try JSONValue.documents(yaml: String(decoding: bytes, as: UTF8.self))
        guard documents.count == 1 else { throw StatusError(400, "BadRequest", "yaml: expected one document") }
        return documents[0]
    }

    private static let unsupportedMediaType = StatusError(
        415, "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf"
    )

    // MARK: Verbs

    func create(
        _ request: HTTPRequest, _ address: ResourceAddress, _ representation: Representation, _ target: RequestTarget
    ) throws -> HTTPResponse {
        let object = try Self.body(request, address.kind)
        let write = writeRequest(request, address, "", target)
        return show(try withModel { try $0.create(object, write) }, address.kind, representation, target)
    }

    func replace(
        _ request: HTTPRequest, _ address: ResourceAddress, _ name: String, _ representation: Representation,
        _ target: RequestTarget
    ) throws -> HTTPResponse {
        let object = try Self.body(request, address.kind)
        let write = writeRequest(request, address, name, target)
        return show(
            try withModel { try $0.update(object, write, isPatch: false) }, address.kind, representation, target)
    }

    func patch(
        _ request: HTTPRequest, _ address: ResourceAddress, _ name: String, _ representation: Representation,
        _ target: RequestTarget
    ) throws -> HTTPResponse {
        let kind = address.kind
        let write = writeRequest(request, address, name, target)
        let type = Self.mediaType(request)
        let accepted = ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"]
        guard accepted.contains(type) || (type == "application/strategic-merge-patch+json" && !kind.isCustom) else {
            throw StatusError(
                415, "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: \(accepted.joined(separator: ", "))"
            )
        }
        if type == "application/apply-patch+yaml" {
            let object = try Self.yaml(request.body ?? [])
            guard target["fieldManager"]?.isEmpty == false else {
                let cause = Cause.required("fieldManager", "is required for apply patch")
                throw StatusError(
                    422, "Invalid", "PatchOptions.meta.k8s.io \"\" is invalid: \(cause.field): \(cause.message)",
                    details: ["group": "meta.k8s.io", "kind": "PatchOptions", "causes": [cause.json]])
            }
            guard object["apiVersion"]?.stringValue == kind.apiVersion, object["kind"]?.stringValue == kind.kind else {
                throw StatusError(
                    400, "BadRequest",
                    "the API version in the data (\(object["apiVersion"]?.stringValue ?? "")) does not match the expected API version (\(kind.apiVersion))"
                )
            }
            return show(try withModel { try $0.apply(object, write) }, kind, representation, target)
        }
        let change: JSONValue
        do {
            change = try JSONParser.parse(request.body ?? [])
        } catch {
            throw StatusError(400, "BadRequest", "error decoding patch: \(error.message)")
        }
        let result = try withModel { model in
            let live = try model.stored(kind, write.key)
            let base = live.view(kind.isCoreEvent ? .coreEvent : .whole)
            let patched =
                switch type {
                case "application/json-patch+json": try JSONPatch.apply(change, to: base)
                case "application/merge-patch+json": MergePatch.apply(change, to: base)
                default: MergePatch.applyStrategic(change, to: base, kind.schema)
                }
            return try model.update(patched, write, isPatch: true)
        }
        return show(result, kind, representation, target)
    }

    private static func deleteOptions(_ request: HTTPRequest, _ target: RequestTarget) -> DeleteOptions {
        var options = DeleteOptions()
        if let bytes = request.body, let body = try? JSONParser.parse(bytes) { options = DeleteOptions(body) }
        if target["dryRun"] == "All" { options.isDryRun = true }
        return options
    }

    func delete(
        _ request: HTTPRequest, _ address: ResourceAddress, _ name: String, _ target: RequestTarget
    ) throws -> HTTPResponse {
        guard address.subresource.isEmpty else { throw Self.methodNotAllowed }
        let kind = address.kind
        let key = ObjectKey(namespace: address.namespace ?? "", name: name)
        let options = Self.deleteOptions(request, target)
        let now = timestamp
        let (left, uid) = try withModel { model in
            let uid = try model.stored(kind, key).value["metadata", "uid"] ?? ""
            return (try model.delete(kind, key, options, at: now), uid)
        }
        if let left { return Self.response(kind.isCoreEvent ? EventForms.core(left) : left) }
        var details = Model.details(kind, name)
        details["uid"] = uid
        return Self.response([
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": details,
        ])
    }

    func deleteCollection(
        _ request: HTTPRequest, _ address: ResourceAddress, _ target: RequestTarget
    ) throws -> HTTPResponse {
        let kind = address.kind
        let list = try ListRequest(kind, namespace: address.namespace, target)
        let options = Self.deleteOptions(request, target)
        let now = timestamp
        let (objects, revision) = try withModel { model in
            let collection = model.collection(kind)
            let selected = collection.keys.compactMap { collection.objects[$0] }.filter(list.matches)
            for object in selected { _ = try model.delete(kind, object.key, options, at: now) }
            return (selected, model.revision)
        }
        var metadata: JSONValue = ["resourceVersion": .string(String(revision))]
        if kind.isCustom { metadata["continue"] = "" }
        let form = Representation.object.form(kind)
        return Self.response(
            encoded: Self.encodeList(kind.listKind, kind.apiVersion, metadata, objects.map { $0.encoded(form) }))
    }
}
