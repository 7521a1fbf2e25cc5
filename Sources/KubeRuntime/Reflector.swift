import Effects
package import KubeAPI

/// Keeps a store equal to what the API server has: lists, then watches, for ever.
///
/// **Guarantees.** A broken watch goes on where it was; only when the server has forgotten that point, or answers what
/// cannot be understood, a list replaces the store. While the server is away the store keeps what it had. A server that
/// fails is asked at most every 0.8 seconds, doubling to 30, at random within that; to 10 where nobody answers, and at
/// once when somebody else's request is answered.
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

        package init() {}
    }

    private let client: KubeClient
    private let store: Store<Object>
    private let namespace: String?
    private let callbacks: Callbacks

    /// A reflector of one namespace, or of all.
    package init(
        client: KubeClient, store: Store<Object>, namespace: String? = nil, callbacks: Callbacks = Callbacks()
    ) {
        self.client = client
        self.store = store
        self.namespace = namespace
        self.callbacks = callbacks
    }

    /// Runs until the task is cancelled.
    /// - Throws: `CancellationError`, and nothing else.
    package func run() async throws {
        var run = ReflectorRun(client: client, store: store, namespace: namespace, callbacks: callbacks)
        while true {
            try Task.checkCancellation()
            try await run.step()
        }
    }
}

/// One reflector at work.
private struct ReflectorRun<Object: KubeObject> {
    let client: KubeClient
    let store: Store<Object>
    let namespace: String?
    let callbacks: Reflector<Object>.Callbacks
    var state = ReflectorState()
    /// The longest pause while nobody answers: then the server's load is no reason for a longer one.
    static var longestSilence: Duration { .seconds(10) }
    /// Of the request that is under way.
    var start = Duration.zero
    var backoff = HealthBackoff(Backoff(base: .milliseconds(800), limit: .seconds(30)), recovery: .seconds(120))

    mutating func step() async throws {
        start = client.effects.time.now
        switch state.step {
        case .list(let version):
            callbacks.status(.listing)
            do {
                try await list(atLeast: version)
            } catch {
                let error = try failure(error)
                try await pause(state.listFailed(error), because: error)
            }
        case .watch(let version):
            do {
                try await watch(from: version)
            } catch {
                let error = try failure(error)
                try await pause(state.watchFailed(error, isEvent: false), because: error)
            }
        }
    }

    private mutating func list(atLeast version: String?) async throws {
        let version = store.beginList(atLeast: version, in: namespace)
        // A list at a version comes from the server's cache, whole; only the newest state is worth paging.
        let options = ListOptions(resourceVersion: version, limit: version == nil ? 500 : nil)
        let list = try await client.list(Object.self, in: namespace, options)
        guard !list.resourceVersion.isEmpty else {
            throw APIError.unexpectedAnswer("a list without resourceVersion", attempt: "list \(Object.resource.plural)")
        }
        for object in list.undecodable { callbacks.undecodable(object) }
        let unreadable = Set(list.undecodable.map(\.key))
        // An element without a name may be any of those that the list seems to lack.
        store.replace(with: list.items, at: list.resourceVersion, in: namespace) {
            unreadable.contains($0) || unreadable.contains(nil)
        }
        state.listed(at: list.resourceVersion)
        backoff.succeeded(at: client.effects.time.now)
    }

    private mutating func watch(from version: String) async throws {
        let ending = try await client.withWatch(Object.self, in: namespace, from: version) { events in
            callbacks.status(.watching)
            state.watchOpened()
            backoff.succeeded(at: start)
            for try await event in events {
                if let error = take(event) { return APIError?.some(error) }
                callbacks.heard()
            }
            return nil
        }
        if let ending {
            try await pause(state.watchFailed(ending, isEvent: true), because: ending)
        } else {
            let duration = client.effects.time.now - start
            let tooShort = APIError.unexpectedAnswer(
                "the watch was closed at once", attempt: "watch \(Object.resource.plural)")
            try await pause(state.watchClosed(after: duration), because: tooShort)
        }
    }

    /// Carries one event into the store.
    /// - Returns: the error that the server ends the watch with.
    private mutating func take(_ event: WatchEvent<Object>) -> APIError? {
        switch event {
        case .added(let object), .modified(let object):
            store.put(object)
            state.advanced(to: object.metadata.resourceVersion)
        case .deleted(let object):
            let metadata = object.metadata
            store.remove(object.key, uid: metadata.uid, resourceVersion: metadata.resourceVersion)
            state.advanced(to: metadata.resourceVersion)
        case .bookmark(let version): state.advanced(to: version)
        case .undecodable(let object):
            callbacks.undecodable(object)
            state.advanced(to: object.resourceVersion)
        case .deletedUndecodable(let object):
            if let key = object.key { store.remove(key, uid: object.uid, resourceVersion: object.resourceVersion) }
            state.advanced(to: object.resourceVersion)
        case .error(let error): return error
        }
        return nil
    }

    private mutating func pause(_ pause: ReflectorState.Pause, because error: APIError) async throws {
        let (time, random) = (client.effects.time, client.effects.random)
        switch pause {
        case .none: return
        case .short: try await time.sleep(for: .milliseconds(100) * random.fraction())
        case .backoff(let least):
            let isSilent = error.isLossOfContact
            let longest = backoff.failed(at: time.now)
            let full = (isSilent ? min(longest, Self.longestSilence) : longest) * random.fraction()
            let delay = max(full, random.jitter(least ?? .zero, spread: 0.1))
            callbacks.status(.waiting(error, after: delay))
            if isSilent {
                try await client.contact.sleep(for: delay, since: start, client.effects)
            } else {
                try await time.sleep(for: delay)
            }
        }
    }

    /// The client throws `APIError` alone; whatever else comes is no reason to end either.
    private func failure(_ error: any Error) throws -> APIError {
        if error is CancellationError { throw error }
        return error as? APIError ?? .unexpectedAnswer("\(error)", attempt: "read \(Object.resource.plural)")
    }
}
