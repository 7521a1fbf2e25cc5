package import KubeAPI

/// Keeps a store equal to what the API server has: reads everything, then watches, for ever.
///
/// **Guarantees.** A broken watch goes on where it was; only when the server has forgotten that point, or answers what
/// cannot be understood, the store is replaced, as a whole. While the server is away the store keeps what it had. A
/// server that fails is asked at most every 0.8 seconds, doubling to 30, at random within that; to 10 where nobody
/// answers, and at once when somebody else's request is answered.
package struct Reflector<Object: KubeObject>: Sendable {
    /// What it is doing, for readiness texts and metrics.
    package enum Status: Sendable {
        case listing
        case watching
        /// Tries again after a pause; `.notFound` means that the kind is not installed.
        case waiting(APIError, after: Duration)
    }

    /// Who wants to know; nothing of it may wait.
    package struct Callbacks: Sendable {
        package var status: @Sendable (Status) -> Void = { _ in }
        /// An object that exists but cannot be read: the store keeps what it had of it.
        package var undecodable: @Sendable (UndecodableObject) -> Void = { _ in }
        /// An event or a bookmark came.
        package var heard: @Sendable () -> Void = {}
        /// A first state that is streamed makes no headway, told every 10 s with how long it has taken so far.
        package var late: @Sendable (Duration) -> Void = { _ in }
        /// The store was compared and is wrong; everything is read again.
        package var inconsistent: @Sendable ([CacheDifference]) -> Void = { _ in }

        package init() {}
    }

    private let client: KubeClient
    private let store: Store<Object>
    private let namespace: String?
    private let streams: Bool
    private let checkInterval: Duration?
    private let callbacks: Callbacks

    /// A reflector of one namespace, or of all.
    ///
    /// With `streams` it asks for the first state as the beginning of the watch, and for a list only where that fails.
    /// Each time that everything was read, and then every `checkInterval`, the store is compared with an exact list; nil
    /// never does.
    package init(
        client: KubeClient, store: Store<Object>, namespace: String? = nil, streams: Bool = true,
        checkInterval: Duration? = nil, callbacks: Callbacks = Callbacks()
    ) {
        self.client = client
        self.store = store
        self.namespace = namespace
        self.streams = streams
        self.checkInterval = checkInterval
        self.callbacks = callbacks
    }

    /// Runs until the task is cancelled.
    /// - Throws: `CancellationError`, and nothing else.
    package func run() async throws {
        var run = ReflectorRun(
            client: client, store: store, namespace: namespace, callbacks: callbacks,
            state: ReflectorState(streams: streams), check: CacheCheck(every: checkInterval))
        while true {
            try Task.checkCancellation()
            try await run.step()
        }
    }
}
