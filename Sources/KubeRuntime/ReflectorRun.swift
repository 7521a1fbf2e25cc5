import Effects
import KubeAPI

/// One reflector at work: carries out what ``ReflectorState`` says.
struct ReflectorRun<Object: KubeObject> {
    private enum Ending {
        case closed
        case error(APIError)
        /// The store was not what it should be.
        case distrusted
    }

    let client: KubeClient
    let store: Store<Object>
    let namespace: String?
    let callbacks: Reflector<Object>.Callbacks
    var state: ReflectorState
    var check: CacheCheck
    /// The longest pause while nobody answers: then the server's load is no reason for a longer one.
    private static var longestSilence: Duration { .seconds(10) }
    /// Of the request that is under way.
    private var start = Duration.zero
    private var backoff = HealthBackoff(
        Backoff(base: .milliseconds(800), limit: .seconds(30)), recovery: .seconds(120))

    init(
        client: KubeClient, store: Store<Object>, namespace: String?, callbacks: Reflector<Object>.Callbacks,
        state: ReflectorState, check: CacheCheck
    ) {
        self.client = client
        self.store = store
        self.namespace = namespace
        self.callbacks = callbacks
        self.state = state
        self.check = check
    }

    private var time: any TimeSource { client.effects.time }

    mutating func step() async throws {
        start = time.now
        do {
            switch state.step {
            case .stream(let version):
                callbacks.status(.listing)
                try await follow(.everything(atLeast: store.beginList(atLeast: version, in: namespace)))
            case .list(let version):
                callbacks.status(.listing)
                try await list(atLeast: store.beginList(atLeast: version, in: namespace))
            case .watch(let version): try await follow(.after(version))
            }
        } catch {
            let error = try failure(error)
            try await pause(state.failed(error), because: error)
        }
    }

    private mutating func list(atLeast version: String?) async throws {
        // A list at a version comes from the server's cache, whole; only the newest state is worth paging.
        let options = ListOptions(resourceVersion: version, limit: version == nil ? 500 : nil)
        let list = try await client.list(Object.self, in: namespace, options)
        guard !list.resourceVersion.isEmpty else {
            throw APIError.unexpectedAnswer("a list without resourceVersion", attempt: "list \(Object.resource.plural)")
        }
        for object in list.undecodable { callbacks.undecodable(object) }
        let unreadable = Set(list.undecodable.map(\.key))
        store.replace(with: list.items, at: list.resourceVersion, in: namespace, keeping: unreadable.mayHold)
        synced(at: list.resourceVersion)
    }

    private mutating func synced(at version: String) {
        state.synced(at: version)
        check.synced(at: time.now)
        backoff.succeeded(at: time.now)
    }

    private mutating func follow(_ beginning: WatchStart) async throws {
        let ending = try await client.withWatch(Object.self, in: namespace, from: beginning) { events in
            state.opened()
            var events = events.makeAsyncIterator()
            if case .everything = beginning { events = try await takeState(from: events) }
            callbacks.status(.watching)
            backoff.succeeded(at: start)
            if try await differs() { return Ending.distrusted }
            while let event = try await events.next() {
                if let error = take(event) { return .error(error) }
                callbacks.heard()
                if try await differs() { return .distrusted }
            }
            return .closed
        }
        switch ending {
        case .error(let error): try await pause(state.failed(error), because: error)
        case .distrusted: state.distrusted()
        case .closed:
            let tooShort = APIError.unexpectedAnswer(
                "the watch was closed at once", attempt: "watch \(Object.resource.plural)")
            try await pause(state.closed(after: time.now - start), because: tooShort)
        }
    }

    /// Takes the first state that a watch streams, whole or not at all.
    /// - Returns: the events after it.
    private mutating func takeState(
        from events: InitialEventsReader<Object>.Events
    ) async throws
        -> InitialEventsReader<Object>.Events
    {
        let read = try await InitialEventsReader(time: time, callbacks: callbacks).read(events)
        store.replace(with: read.state.objects, at: read.version, in: namespace, keeping: read.state.mayHold)
        synced(at: read.version)
        return read.rest
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
        case .bookmark(let version), .initialEventsEnd(let version): state.advanced(to: version)
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

    /// Compares the store, when that is due, with what the API server had at the version that the store has come to.
    ///
    /// The watch waits meanwhile, so that the store stays there; what this process writes is newer, and not compared.
    private mutating func differs() async throws -> Bool {
        guard check.isDue(at: time.now), let version = state.version else { return false }
        var options = ListOptions(resourceVersion: version)
        options.isExact = true
        var differences: [CacheDifference] = []
        do {
            let list = try await client.list(Object.self, in: namespace, options)
            differences = CacheDifference.all(of: store.all(in: namespace), to: list)
        } catch is APIError {
            // No answer, most often since etcd has forgotten that version: nothing is known, until the next look.
        }
        check.looked(at: time.now, foundDifferences: !differences.isEmpty)
        if !differences.isEmpty { callbacks.inconsistent(differences) }
        return !differences.isEmpty
    }

    private mutating func pause(_ pause: ReflectorState.Pause, because error: APIError) async throws {
        let random = client.effects.random
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
        if error is CancellationError, Task.isCancelled { throw error }
        return error as? APIError ?? .unexpectedAnswer("\(error)", attempt: "read \(Object.resource.plural)")
    }
}
