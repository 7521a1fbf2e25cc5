import KubeAPI

/// What a status apply sends: everything that the field manager owns, every time.
struct StatusPatch<Status: Encodable>: Encodable {
    struct Metadata: Encodable {
        var name: String
        var namespace: String
        /// Guards an object that was made anew under its name; a uid would not.
        var resourceVersion: String
    }

    var apiVersion: String
    var kind: String
    var metadata: Metadata
    var status: Status

    init<Object: KubeObject>(_ status: Status, of object: Object) {
        apiVersion = Object.resource.apiVersion
        kind = Object.resource.kind
        metadata = Metadata(
            name: object.metadata.name, namespace: object.metadata.namespace,
            resourceVersion: object.metadata.resourceVersion)
        self.status = status
    }
}
