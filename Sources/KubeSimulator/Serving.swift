import DynamicJSON
import Effects
import Synchronization

extension KubeSimulator {
    func serve(
        _ request: HTTPRequest, _ address: ResourceAddress, _ target: RequestTarget, fault: Fault?
    ) async throws -> HTTPResponse {
        let representation = try Representation(accept: request.headers.first(named: "Accept"))
        let kind = address.kind
        if request.method.isSafe {
            if let name = address.name, !target.flag("watch") {
                if let wanted = try Model.revision(target["resourceVersion"]), wanted > 0 {
                    try await waitForRevision(wanted, kind, fault?.lag ?? .zero)
                }
                let key = ObjectKey(namespace: address.namespace ?? "", name: name)
                let object = try state.withLock { try $0.model.stored(kind, key) }
                return show(object, kind, representation, target)
            }
            let list = try ListRequest(kind, namespace: address.namespace, name: address.name, target)
            if target.flag("watch") { return try await watch(list, representation, target, fault: fault) }
            return try await respond(to: list, representation, target, lag: fault?.lag ?? .zero)
        }
        guard !kind.isReadOnly, address.namespace != nil || !kind.isNamespaced else { throw Self.methodNotAllowed }
        switch (request.method, address.name) {
        case (.post, nil): return try create(request, address, representation, target)
        case (.put, let name?): return try replace(request, address, name, representation, target)
        case (.put, nil): throw StatusError(400, "BadRequest", "name must be provided")
        case (.patch, let name?): return try patch(request, address, name, representation, target)
        case (.delete, let name?): return try delete(request, address, name, target)
        case (.delete, nil): return try deleteCollection(request, address, target)
        default: throw Self.methodNotAllowed
        }
    }

    static let methodNotAllowed = StatusError(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource", details: [:])

    // MARK: Reading

    private func respond(
        to list: ListRequest, _ representation: Representation, _ target: RequestTarget, lag: Duration
    ) async throws -> HTTPResponse {
        let kind = list.kind
        let wanted = try Model.revision(target["resourceVersion"])
        if let wanted, wanted > 0 { try await waitForRevision(wanted, kind, lag) }
        let now = time.now
        let page = try state.withLock { state in
            try state.model.page(list, target, cache: wanted == nil ? nil : state.visible(lag, now: now))
        }
        var metadata: JSONValue = ["resourceVersion": .string(String(page.revision))]
        if !page.continueToken.isEmpty || (kind.isCustom && representation == .object) {
            metadata["continue"] = .string(page.continueToken)
        }
        if let remaining = page.remaining, remaining > 0 { metadata["remainingItemCount"] = .int(Int64(remaining)) }
        if representation == .table {
            let table = Table(kind: kind, now: time.unixTime, includeObject: target["includeObject"])
            return Self.response(table.json(page.objects, metadata: metadata))
        }
        let isPartial = representation == .partialMetadata
        let (listKind, version) =
            isPartial ? ("PartialObjectMetadataList", "meta.k8s.io/v1") : (kind.listKind, kind.apiVersion)
        return Self.response(
            encoded: Self.encodeList(
                listKind, version, metadata, page.objects.map { $0.encoded(representation.form(kind)) }))
    }

    /// A list from items that are encoded already.
    static func encodeList(_ kind: String, _ version: String, _ metadata: JSONValue, _ items: [[UInt8]]) -> [UInt8] {
        var bytes = Array("{\"apiVersion\":\(JSONValue.string(version).text),\"items\":[".utf8)
        bytes.reserveCapacity(items.reduce(200) { $0 + $1.count + 1 })
        for (index, item) in items.enumerated() {
            if index > 0 { bytes.append(0x2C) }
            bytes += item
        }
        bytes += "],\"kind\":\(JSONValue.string(kind).text),\"metadata\":".utf8
        metadata.encode(into: &bytes)
        bytes.append(0x7D)
        return bytes
    }

    /// One object as asked for.
    private func show(
        _ object: StoredObject, _ kind: ResourceKind, _ representation: Representation, _ target: RequestTarget,
        status: Int = 200, warnings: [String] = []
    ) -> HTTPResponse {
        if representation == .table {
            let table = Table(kind: kind, now: time.unixTime, includeObject: target["includeObject"])
            let metadata: JSONValue = ["resourceVersion": object.value["metadata", "resourceVersion"] ?? ""]
            return Self.response(table.json([object], metadata: metadata), status: status, warnings: warnings)
        }
        return Self.response(encoded: object.encoded(representation.form(kind)), status: status, warnings: warnings)
    }

    func show(
        _ result: WriteResult, _ kind: ResourceKind, _ representation: Representation, _ target: RequestTarget
    ) -> HTTPResponse {
        let object =
            result.stored ?? StoredObject(key: ObjectKey(namespace: "", name: ""), value: result.object, revision: 0)
        return show(
            object, kind, representation, target, status: result.isCreated ? 201 : 200, warnings: result.warnings)
    }
}
