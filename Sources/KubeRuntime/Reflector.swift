package import KubeAPI

/// Keeps a store equal to what the API server has: lists, then watches, for ever.
package struct Reflector<Object: KubeObject>: Sendable {
    /// What it is doing, for readiness texts and metrics.
    package enum Status: Sendable {
        case listing
        case watching
        /// Tries again after a pause; `.notFound` means that the kind is not installed.
        case waiting(APIError, after: Duration)
    }

    private let client: KubeClient
    private let store: Store<Object>
    private let namespace: String?

    package init(client: KubeClient, store: Store<Object>, namespace: String? = nil) {
        self.client = client
        self.store = store
        self.namespace = namespace
    }

    /// - Throws: `CancellationError`, and nothing else.
    package func run() async throws {
        let list = try await client.list(Object.self, in: namespace)
        store.replace(with: list.items)
    }
}
