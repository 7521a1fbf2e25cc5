/// The part of an object's metadata that this program uses.
package struct ObjectMeta: Hashable, Sendable {
    /// Annotations are kept only under this prefix: others may be large, and none of them matters here.
    package static let annotationPrefix = "lora-operator.dev/"

    package var name: String
    /// Empty for cluster-scoped objects.
    package var namespace: String
    /// Tells an object from its successor of the same name.
    package var uid: String
    /// Opaque; ``ResourceVersion`` says when two may be compared.
    package var resourceVersion: String
    /// Counts changes of the spec.
    package var generation: Int64
    /// RFC 3339, as the server wrote it.
    package var creationTimestamp: String
    /// Set while the object waits for its finalizers.
    package var deletionTimestamp: String?
    package var finalizers: [String]
    package var labels: [String: String]
    /// Those under ``annotationPrefix`` only.
    package var annotations: [String: String]

    package init(
        name: String, namespace: String = "", uid: String = "", resourceVersion: String = "", generation: Int64 = 0,
        creationTimestamp: String = "", deletionTimestamp: String? = nil, finalizers: [String] = [],
        labels: [String: String] = [:], annotations: [String: String] = [:]
    ) {
        self.name = name
        self.namespace = namespace
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.generation = generation
        self.creationTimestamp = creationTimestamp
        self.deletionTimestamp = deletionTimestamp
        self.finalizers = finalizers
        self.labels = labels
        self.annotations = annotations
    }

    package var key: NamespacedName { NamespacedName(namespace: namespace, name: name) }

    /// True from the delete call until the last finalizer is gone.
    package var isTerminating: Bool { deletionTimestamp != nil }
}

extension ObjectMeta: Decodable {
    private enum CodingKeys: CodingKey {
        case name, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp, finalizers
        case labels, annotations
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try fields.decode(String.self, forKey: .name),
            namespace: try fields.text(.namespace),
            uid: try fields.text(.uid),
            resourceVersion: try fields.text(.resourceVersion),
            generation: try fields.decodeIfPresent(Int64.self, forKey: .generation) ?? 0,
            creationTimestamp: try fields.text(.creationTimestamp),
            deletionTimestamp: try fields.decodeIfPresent(String.self, forKey: .deletionTimestamp),
            finalizers: try fields.list(.finalizers),
            labels: try fields.map(.labels),
            annotations: try fields.map(.annotations).filter { $0.key.hasPrefix(Self.annotationPrefix) })
    }
}
