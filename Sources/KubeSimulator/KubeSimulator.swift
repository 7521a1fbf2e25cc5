package import Effects

/// A Kubernetes API server as a model: objects, resourceVersions, watches, server-side apply and what kubectl asks.
///
/// It answers as kube-apiserver 1.36 does (`Tests/Fixtures/kubernetes`), over sockets and in simulations alike, and keeps
/// everything in memory. All limits are finite, so that it may serve `lora-operator local` for months.
package final class KubeSimulator: HTTPHandler {
    package struct Configuration: Sendable {
        /// YAML texts of the CustomResourceDefinitions to serve; a text may hold several documents.
        package var customResourceDefinitions: [String] = []
        /// A secret first part of every path, like `/k3f9…`; requests without it get 404. Empty: none.
        package var pathPrefix = ""
        /// Accepts EndpointSlices with loopback addresses, which a real API server refuses.
        package var allowsLoopbackEndpoints = false
        /// How many events of one resource are kept for watches and continue tokens before they are compacted away.
        package var historyLimit = 2000
        /// False refuses `sendInitialEvents` in the stream as servers with an old etcd do.
        package var supportsWatchList = true
        /// Creations above this many objects are refused with 429.
        package var objectLimit = 50_000
        /// Watches above this many at once are refused with 429.
        package var watchLimit = 2000

        package init() {}
    }

    /// - Throws: ``StatusError`` where a definition cannot be served, naming it and what it uses.
    package init(
        _ configuration: Configuration = Configuration(), time: any TimeSource, random: any RandomSource
    ) throws {
        throw StatusError(501, "", "to come")
    }

    /// Chooses what goes wrong from now on; nil ends all faults. Asked once for each request, before it is routed.
    package func setFault(_ fault: (@Sendable (HTTPRequest) -> Fault?)?) {}

    package func respond(to request: HTTPRequest) async throws -> HTTPResponse { throw HTTPFailure(.reset, "to come") }

    // MARK: The model without HTTP. `resource` is a plural like `pods` or `loraadapters`.

    /// The newest resourceVersion given.
    package var resourceVersion: String { "" }

    /// Creates as POST does: defaults, validation, uid, resourceVersion, watch event. Status is kept, unlike POST.
    @discardableResult
    package func create(_ object: JSONValue, fieldManager: String = "simulator") throws -> JSONValue { object }

    /// Writes the whole object, status included, without asking for its resourceVersion unless it carries one.
    @discardableResult
    package func replace(_ object: JSONValue, fieldManager: String = "simulator") throws -> JSONValue { object }

    package func get(_ resource: String, namespace: String = "", name: String) -> JSONValue? { nil }

    /// All objects by namespace and name; nil: of every namespace.
    package func list(_ resource: String, namespace: String? = nil) -> [JSONValue] { [] }

    /// Deletes as DELETE does: an object with finalizers stays, terminating.
    package func delete(_ resource: String, namespace: String = "", name: String) throws {}

    /// Forgets the watch history: who watches or continues from an older resourceVersion gets 410.
    package func compact() {}

    /// Every object and the counters, for ``restore(_:)``.
    package func snapshot() -> JSONValue { .null }

    /// Replaces everything by a snapshot. Watches end with 410.
    package func restore(_ snapshot: JSONValue) throws {}
}
