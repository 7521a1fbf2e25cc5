/// What a list asks for.
package struct ListOptions: Sendable {
    /// `app=vllm,tier!=test`; nil for everything.
    package var labelSelector: String?
    package var fieldSelector: String?
    /// At least as new as this; nil for the newest there is.
    package var resourceVersion: String?
    /// The very state at `resourceVersion`, not a newer one.
    package var isExact = false
    /// Objects on each page; nil for all at once, which a server can answer from its cache.
    package var limit: Int?

    package init(
        labelSelector: String? = nil, fieldSelector: String? = nil, resourceVersion: String? = nil, limit: Int? = 500
    ) {
        self.labelSelector = labelSelector
        self.fieldSelector = fieldSelector
        self.resourceVersion = resourceVersion
        self.limit = limit
    }

    /// The token carries the resource version; a server refuses both together.
    func query(from token: String) -> [(name: String, value: String)] {
        var query: [(name: String, value: String)] = []
        if let labelSelector { query.append(("labelSelector", labelSelector)) }
        if let fieldSelector { query.append(("fieldSelector", fieldSelector)) }
        if let limit { query.append(("limit", String(limit))) }
        if !token.isEmpty {
            query.append(("continue", token))
        } else if let resourceVersion {
            query.append(("resourceVersion", resourceVersion))
            if isExact { query.append(("resourceVersionMatch", "Exact")) }
        }
        return query
    }
}

/// A collection at one point in its history.
package struct ObjectList<Object: KubeObject>: Sendable {
    package var items: [Object]
    /// Where a watch goes on.
    package var resourceVersion: String
    /// Elements that exist but cannot be read; they fail nothing but themselves.
    package var undecodable: [UndecodableObject]
    /// Empty on the last page.
    var continueToken: String

    package init(
        items: [Object], resourceVersion: String, undecodable: [UndecodableObject] = [], continueToken: String = ""
    ) {
        self.items = items
        self.resourceVersion = resourceVersion
        self.undecodable = undecodable
        self.continueToken = continueToken
    }
}

/// An object that exists but does not fit its type.
package struct UndecodableObject: Hashable, Sendable {
    /// nil if not even the name can be read.
    package var key: NamespacedName?
    package var uid: String
    package var resourceVersion: String
    /// What does not fit, and where; one line.
    package var message: String

    package init(key: NamespacedName?, uid: String = "", resourceVersion: String = "", message: String) {
        self.key = key
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.message = message
    }
}
