import DynamicJSON

/// A list or watch: what of a collection, from when.
struct ListRequest {
    let kind: ResourceKind
    /// nil: of every namespace.
    let namespace: String?
    let labels: LabelSelector
    let fields: FieldSelector
    /// nil: all.
    let name: String?

    init(_ kind: ResourceKind, namespace: String?, name: String? = nil, _ target: RequestTarget) throws {
        self.name = name
        self.kind = kind
        self.namespace = namespace
        labels = try LabelSelector(target["labelSelector"] ?? "")
        fields = try FieldSelector(target["fieldSelector"] ?? "", of: kind)
    }

    func matches(_ object: StoredObject) -> Bool {
        if let namespace, object.key.namespace != namespace { return false }
        if let name, object.key.name != name { return false }
        return labels.matches(object.value["metadata", "labels"]) && fields.matches(object.value)
    }
}

/// A page of a list.
struct ListPage {
    var objects: [StoredObject]
    var revision: UInt64
    var continueToken = ""
    var remaining: Int?
}

/// Where a paged list goes on: `continue`.
struct ContinueToken {
    /// The revision of the whole list; 0 goes on with what there is now.
    var revision: UInt64
    /// The last key already sent.
    var last: ObjectKey

    init(revision: UInt64, last: ObjectKey) {
        self.revision = revision
        self.last = last
    }

    /// - Throws: ``StatusError`` 400 (fixture 063).
    init(_ text: String) throws {
        func refusal(_ problem: String) -> StatusError {
            StatusError(400, "BadRequest", "invalid continue token: continue key is not valid: \(problem)")
        }
        guard let bytes = decodeBase64URL(text) else { throw refusal("illegal base64 data at input byte 0") }
        let token: JSONValue
        do {
            token = try JSONParser.parse(bytes)
        } catch {
            throw refusal(error.message)
        }
        guard token["v"] == "meta.k8s.io/v1", let revision = token["rv"]?.intValue, revision >= -1,
            let start = token["start"]?.stringValue, start.hasPrefix("/"), start.hasSuffix("\0")
        else { throw refusal("incorrect encoded start resourceVersion (version meta.k8s.io/v1)") }
        self.revision = revision > 0 ? UInt64(revision) : 0
        let parts = start.dropFirst().dropLast().split(separator: "/", omittingEmptySubsequences: false).map(
            String.init)
        last = ObjectKey(namespace: parts.count > 1 ? parts[0] : "", name: parts.last ?? "")
    }

    var text: String {
        let token: JSONValue = [
            "v": "meta.k8s.io/v1", "rv": revision == 0 ? -1 : .int(Int64(clamping: revision)),
            "start": .string("/\(last.namespace)/\(last.name)\0"),
        ]
        return encodeBase64URL(token.encoded)
    }
}

extension Model {
    /// What a list shows; `cache` is how far the cache is that answers, nil where etcd does.
    func page(_ request: ListRequest, _ target: RequestTarget, cache: UInt64? = nil) throws -> ListPage {
        let limit = target["limit"].flatMap { Int($0) } ?? 0
        let match = target["resourceVersionMatch"] ?? ""
        let wanted = try Self.revision(target["resourceVersion"])
        let current = collection(request.kind)
        if let text = target["continue"], !text.isEmpty {
            guard wanted == nil || wanted == 0 else {
                throw StatusError(400, "BadRequest", "specifying resource version is not allowed when using continue")
            }
            let token = try ContinueToken(text)
            if token.revision == 0 || token.revision == revision {
                return page(request, keys: current.keys, current.objects, revision, after: token.last, limit)
            }
            guard token.revision < revision, let objects = current.objects(at: token.revision) else {
                var gone = StatusError(
                    410, "Expired",
                    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list."
                )
                gone.continueToken = ContinueToken(revision: 0, last: token.last).text
                throw gone
            }
            return page(request, keys: objects.keys.sorted(), objects, token.revision, after: token.last, limit)
        }
        if match == "Exact", let wanted, wanted != revision {
            guard let objects = current.objects(at: wanted) else {
                throw StatusError(410, "Expired", "The resourceVersion for the provided list is too old.")
            }
            return page(request, keys: objects.keys.sorted(), objects, wanted, after: nil, limit)
        }
        if let cache, cache < revision, let objects = current.objects(at: cache) {
            return page(request, keys: objects.keys.sorted(), objects, cache, after: nil, limit)
        }
        return page(request, keys: current.keys, current.objects, revision, after: nil, limit)
    }

    private func page(
        _ request: ListRequest, keys: [ObjectKey], _ objects: [ObjectKey: StoredObject], _ revision: UInt64,
        after last: ObjectKey?, _ limit: Int
    ) -> ListPage {
        var page = ListPage(objects: [], revision: revision)
        var first = keys.startIndex
        if let namespace = request.namespace { first = keys.firstIndex { $0.namespace >= namespace } ?? keys.endIndex }
        for position in first..<keys.endIndex {
            let key = keys[position]
            if let namespace = request.namespace, key.namespace != namespace { break }
            if let last, key <= last { continue }
            guard let object = objects[key], request.matches(object) else { continue }
            if limit > 0, page.objects.count == limit {
                page.continueToken = ContinueToken(revision: revision, last: page.objects.last?.key ?? key).text
                if request.labels.isEmpty, request.fields.isEmpty {
                    page.remaining = keys[position...].count {
                        request.namespace == nil || $0.namespace == request.namespace
                    }
                }
                break
            }
            page.objects.append(object)
        }
        return page
    }

    /// - Throws: ``StatusError`` 500 for what is no number (fixture 076).
    static func revision(_ text: String?) throws -> UInt64? {
        guard let text, !text.isEmpty else { return nil }
        guard let revision = UInt64(text) else {
            throw StatusError(
                500, "",
                "resourceVersion: Invalid value: \"\(text)\": strconv.ParseUint: parsing \"\(text)\": invalid syntax")
        }
        return revision
    }
}
