import DynamicJSON
package import KubeAPI

/// Adds and removes one finalizer, and touches no other.
package struct Finalizer: Sendable {
    private static let path = "/metadata/finalizers"

    /// A qualified name: `example.dev/cleanup`.
    package let name: String

    package init(_ name: String) { self.name = name }

    package func isPresent(in metadata: ObjectMeta) -> Bool { metadata.finalizers.contains(name) }

    /// The patch that adds it; nil if it is there, or if the object is being deleted, when the server refuses it.
    package func addition(to metadata: ObjectMeta) -> [JSONPatchOperation]? {
        guard !metadata.isTerminating, !isPresent(in: metadata) else { return nil }
        // An `add` replaces what is there.
        return [guardingVersion(of: metadata), .add(path: Self.path, value: list(metadata.finalizers + [name]))]
    }

    /// The patch that removes it; nil if it is not there.
    package func removal(from metadata: ObjectMeta) -> [JSONPatchOperation]? {
        guard isPresent(in: metadata) else { return nil }
        let others = metadata.finalizers.filter { $0 != name }
        return [guardingVersion(of: metadata), .replace(path: Self.path, value: list(others))]
    }

    /// Nothing but the object that was seen is changed: another one may have more finalizers, or a reason to stay.
    private func guardingVersion(of metadata: ObjectMeta) -> JSONPatchOperation {
        .test(path: "/metadata/resourceVersion", value: .string(metadata.resourceVersion))
    }

    private func list(_ finalizers: [String]) -> JSONValue { .array(finalizers.map(JSONValue.string)) }
}
