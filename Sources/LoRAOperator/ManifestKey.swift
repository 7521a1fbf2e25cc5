import AdapterController
import KubeAPI

/// Names an object of a manifest.
struct ManifestKey: Hashable, Comparable, CustomStringConvertible {
    /// The kinds that `local` takes.
    enum Kind: String, CaseIterable { case adapter = "LoRAAdapter", secret = "Secret" }

    private static let fieldManager = "lora-operator-manifests"

    let kind: Kind
    private let name: NamespacedName

    init(_ kind: Kind, namespace: String, name: String) {
        self.kind = kind
        self.name = NamespacedName(namespace: namespace, name: name)
    }

    static func < (a: ManifestKey, b: ManifestKey) -> Bool { (a.kind.rawValue, a.name) < (b.kind.rawValue, b.name) }

    var description: String { "\(kind.rawValue) \(name)" }

    func apply(_ object: some Encodable, with client: KubeClient) async throws {
        switch kind {
        case .adapter: let _: LoRAAdapter = try await client.apply(object, name, fieldManager: Self.fieldManager)
        case .secret: let _: Secret = try await client.apply(object, name, fieldManager: Self.fieldManager)
        }
    }

    func delete(with client: KubeClient) async throws {
        switch kind {
        case .adapter: try await client.delete(LoRAAdapter.self, name)
        case .secret: try await client.delete(Secret.self, name)
        }
    }

    /// The objects that come from manifests, and from which, sorted.
    static func applied(with client: KubeClient) async throws -> [(key: ManifestKey, file: String)] {
        let adapters: ObjectList<LoRAAdapter> = try await client.list(in: LocalCluster.namespace)
        let secrets: ObjectList<Secret> = try await client.list(in: LocalCluster.namespace)
        let all = adapters.items.map { (Kind.adapter, $0.metadata) } + secrets.items.map { (Kind.secret, $0.metadata) }
        return all.compactMap { kind, metadata in
            metadata.annotations[Manifest.annotation].map {
                (ManifestKey(kind, namespace: metadata.namespace, name: metadata.name), $0)
            }
        }
        .sorted { $0.0 < $1.0 }
    }
}
