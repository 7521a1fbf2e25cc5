/// Names another object; empty fields are left out when it is written.
package struct ObjectReference: Hashable, Sendable, Codable {
    package var apiVersion: String
    package var kind: String
    package var namespace: String
    package var name: String
    package var uid: String
    package var resourceVersion: String

    package init(
        apiVersion: String = "", kind: String, namespace: String = "", name: String, uid: String = "",
        resourceVersion: String = ""
    ) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.resourceVersion = resourceVersion
    }

    private enum CodingKeys: CodingKey { case apiVersion, kind, namespace, name, uid, resourceVersion }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        apiVersion = try fields.text(.apiVersion)
        kind = try fields.text(.kind)
        namespace = try fields.text(.namespace)
        name = try fields.text(.name)
        uid = try fields.text(.uid)
        resourceVersion = try fields.text(.resourceVersion)
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        for (key, value) in [
            (CodingKeys.apiVersion, apiVersion), (.kind, kind), (.namespace, namespace), (.name, name), (.uid, uid),
            (.resourceVersion, resourceVersion),
        ] where !value.isEmpty {
            try fields.encode(value, forKey: key)
        }
    }
}
