package import DynamicJSON
package import Effects
import Synchronization

/// A Kubernetes API server as a model: objects, resourceVersions, watches, server-side apply and what kubectl asks.
///
/// It answers as kube-apiserver 1.36 does (`Tests/Fixtures/kubernetes`), over sockets and in simulations alike, and keeps
/// everything in memory. All limits are finite, so that it may serve `lora-operator local` for months.
package final class KubeSimulator: HTTPHandler {
    package struct Configuration: Sendable {
        /// YAML texts of the CustomResourceDefinitions to serve; a text may hold several documents.
        package var customResourceDefinitions: [String] = []
        /// A secret first part of every path, like `/k3f9…`; requests without it get 404.
        ///
        /// Empty: none.
        package var pathPrefix = ""
        /// Accepts EndpointSlices with loopback addresses, which a real API server refuses.
        package var allowsLoopbackEndpoints = false
        /// How many events of one resource are kept for watches and continue tokens before they are compacted away.
        package var historyLimit = 2000
        package var watchList = WatchListSupport.full
        /// Creations above this many objects are refused with 429.
        package var objectLimit = 50_000
        /// Watches above this many at once are refused with 429.
        package var watchLimit = 2000

        package init() {}
    }

    struct State: Sendable {
        var model: Model
        var fault: (@Sendable (HTTPRequest) -> Fault?)?
        var waiters = Waiters()
        var watchCount = 0
        /// Kept while faults may happen.
        var timeline: Timeline?
        /// Resources whose definition is gone, by plural.
        var withdrawn: Set<String> = []
        var journal: (any Journal)?

        /// Changes or reads the model; a change that cannot be kept is none.
        mutating func perform<Value>(_ body: (inout Model) throws -> Value) throws -> Value {
            guard let journal else { return try body(&model) }
            let before = model
            do {
                let value = try body(&model)
                if model.revision != before.revision {
                    try journal.append(model.record(since: before.revision)) { model.snapshot }
                }
                return value
            } catch {
                model = before
                throw error
            }
        }
    }

    let configuration: Configuration
    let time: any TimeSource
    let random: any RandomSource
    let state: Mutex<State>
    let documents: OpenAPIDocuments

    /// - Throws: ``StatusError`` where a definition cannot be served, naming it and what it uses.
    package init(
        _ configuration: Configuration = Configuration(), time: any TimeSource, random: any RandomSource
    ) throws {
        self.configuration = configuration
        self.time = time
        self.random = random
        let blueprint = try Blueprint.of(configuration.customResourceDefinitions)
        let model = try Model(
            configuration, blueprint.definitions, time: CivilTime(unixTime: time.unixTime).text, random: random)
        documents = blueprint.documents
        state = Mutex(State(model: model))
    }

    /// Now, as metav1.Time writes it.
    var timestamp: String { CivilTime(unixTime: time.unixTime).text }

    /// Chooses what goes wrong from now on; nil ends all faults.
    ///
    /// Asked once for each request, before it is routed.
    package func setFault(_ fault: (@Sendable (HTTPRequest) -> Fault?)?) {
        state.withLock { state in
            state.fault = fault
            if state.timeline == nil { state.timeline = Timeline(at: state.model.revision, now: time.now) }
        }
    }

    /// Changes or reads the model, then wakes the watches that have something new.
    func withModel<Value: Sendable>(_ body: (inout Model) throws -> Value) throws -> Value {
        let (result, woken) = state.withLock { state in
            let result = Result { try state.perform(body) }
            let woken = state.waiters.take(state.model.changed)
            state.model.changed = []
            state.timeline?.note(state.model.revision, at: time.now)
            return (result, woken)
        }
        for waiter in woken { waiter.resume() }
        return try result.get()
    }

    // MARK: The model without HTTP. `resource` is a plural like `pods` or `loraadapters`.

    /// The newest resourceVersion given.
    package var resourceVersion: String { state.withLock { String($0.model.revision) } }

    /// Watches that are open now.
    package var watchCount: Int { state.withLock { $0.watchCount } }

    /// Creates as POST does: defaults, validation, uid, resourceVersion, watch event.
    ///
    /// Status is kept, unlike POST.
    @discardableResult
    package func create(_ object: JSONValue, fieldManager: String = "simulator") throws -> JSONValue {
        try withModel { model in
            let request = try directRequest(object, model, fieldManager)
            return try model.create(object, request).object
        }
    }

    /// Writes the whole object, status included, without asking for its resourceVersion unless it carries one.
    @discardableResult
    package func replace(_ object: JSONValue, fieldManager: String = "simulator") throws -> JSONValue {
        try withModel { model in
            let request = try directRequest(object, model, fieldManager)
            return try model.update(object, request, isPatch: false).object
        }
    }

    private func directRequest(_ object: JSONValue, _ model: Model, _ fieldManager: String) throws -> WriteRequest {
        let kind = try model.kind(of: object)
        let namespace = object["metadata", "namespace"]?.stringValue ?? "default"
        return WriteRequest(
            kind: kind, namespace: kind.isNamespaced ? namespace : "",
            name: object["metadata", "name"]?.stringValue ?? "",
            fieldManager: fieldManager, fieldValidation: .strict, writesEverything: true, time: timestamp)
    }

    package func get(_ resource: String, namespace: String = "", name: String) -> JSONValue? {
        state.withLock { state in
            guard let kind = try? state.model.kind(plural: resource) else { return nil }
            return state.model.collection(kind).objects[ObjectKey(namespace: namespace, name: name)]?.value
        }
    }

    /// All objects by namespace and name; nil: of every namespace.
    package func list(_ resource: String, namespace: String? = nil) -> [JSONValue] {
        state.withLock { state in
            guard let kind = try? state.model.kind(plural: resource) else { return [] }
            let collection = state.model.collection(kind)
            let keys = collection.keys.filter { namespace == nil || $0.namespace == namespace }
            return keys.compactMap { collection.objects[$0]?.value }
        }
    }

    /// Deletes as DELETE does: an object with finalizers stays, terminating.
    package func delete(_ resource: String, namespace: String = "", name: String) throws {
        let time = timestamp
        _ = try withModel { model in
            try model.delete(
                model.kind(plural: resource), ObjectKey(namespace: namespace, name: name), DeleteOptions(), at: time)
        }
    }

    /// Forgets the watch history: who watches or continues from an older resourceVersion gets 410.
    package func compact() { try? withModel { $0.compact() } }

    /// Every object and the counters, for ``restore(_:)``.
    package func snapshot() -> JSONValue { state.withLock { $0.model.snapshot } }

    /// Replaces everything by a snapshot.
    ///
    /// Watches end with 410. With `isRewinding` the resourceVersions go back too, as with a backup of etcd: a watch from
    /// a later one stays open and silent until they have caught up, which only an API server that is started anew prevents.
    package func restore(_ snapshot: JSONValue, isRewinding: Bool = false) throws {
        try withModel { try $0.restore(snapshot, isRewinding: isRewinding) }
    }

    /// Deletes the definition of a resource, and its objects: when the last finalizer is gone, watches end, and there is
    /// no such page any more.
    package func withdraw(_ resource: String) throws {
        let kind = try state.withLock { state in
            let kind = try state.model.kind(plural: resource)
            state.withdrawn.insert(kind.plural)
            return kind
        }
        let time = timestamp
        try withModel { model in
            for key in model.collection(kind).keys { _ = try model.delete(kind, key, DeleteOptions(), at: time) }
            model.changed.insert(kind.storage)
        }
    }

    /// Brings back what was withdrawn.
    package func reinstate(_ resource: String) { state.withLock { _ = $0.withdrawn.remove(resource) } }

    /// Whether a resource was withdrawn, and its last object is gone.
    func isGone(_ kind: ResourceKind) -> Bool {
        state.withLock { $0.withdrawn.contains(kind.plural) && $0.model.collection(kind).keys.isEmpty }
    }

    /// Replaces everything by what records of a ``Journal`` say; objects keep uid and resourceVersion.
    package func restore(_ records: [JSONValue]) throws { try withModel { try $0.restore(records) } }

    /// Stores everything, and from now on every change before anyone sees it.
    package func keep(in journal: any Journal) throws {
        try state.withLock { state in
            try journal.append(state.model.snapshot) { state.model.snapshot }
            state.journal = journal
        }
    }
}
