import DynamicJSON
import Effects
import Synchronization

extension KubeSimulator {
    /// The changes after `revision`, at most `limit`, that a cache knows which is `lag` behind; nil where they are
    /// forgotten.
    ///
    /// Also the newest revision that it knows, or the oldest that is still known where the changes are not.
    func changes(
        of kind: ResourceKind, after revision: UInt64, limit: Int, lag: Duration
    ) -> ([Collection.Change]?, UInt64) {
        let now = time.now
        return state.withLock { state in
            let collection = state.model.collection(kind)
            guard let changes = collection.changes(after: revision) else { return (nil, collection.compacted) }
            let visible = state.visible(lag, now: now)
            return (Array(changes.prefix(limit).prefix { $0.object.revision <= visible }), visible)
        }
    }

    /// How long it takes until a cache that is `lag` behind hears of what is already so; nil where it knows everything.
    func waitOfCache(_ lag: Duration) -> Duration? {
        guard lag > .zero else { return nil }
        let now = time.now
        return state.withLock { $0.timeline?.wait(lag, after: $0.visible(lag, now: now), now: now) }
    }

    static func expired(_ revision: UInt64, oldest: UInt64) -> StatusError {
        StatusError(410, "Expired", "too old resource version: \(revision) (\(oldest))")
    }

    func watchEnded() { state.withLock { $0.watchCount -= 1 } }

    /// Waits until the resource has changes after `revision`, at most for `duration`, or until cancelled.
    func waitForChange(of kind: ResourceKind, after revision: UInt64, for duration: Duration) async {
        guard duration > .zero else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.waitForChange(of: kind, after: revision) }
            group.addTask { try? await self.time.sleep(for: duration) }
            await group.next()
            group.cancelAll()
        }
    }

    private func waitForChange(of kind: ResourceKind, after revision: UInt64) async {
        let id = state.withLock { $0.waiters.makeID() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    let collection = state.model.collection(kind)
                    let isGone = state.withdrawn.contains(kind.plural) && collection.keys.isEmpty
                    if !isGone, let changes = collection.changes(after: revision), changes.isEmpty {
                        return state.waiters.add(continuation, id: id, for: kind.storage)
                    }
                    return false
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.cancel(id, for: kind.storage) }?.resume()
        }
        state.withLock { $0.waiters.forget(id) }
    }

    /// Waits up to 3 s for a resourceVersion that is not there yet, as the watch cache does.
    ///
    /// - Throws: ``StatusError`` 504 (fixture 065).
    func waitForRevision(_ wanted: UInt64, _ kind: ResourceKind, _ lag: Duration) async throws {
        let end = time.now + .seconds(3)
        while true {
            let now = time.now
            let current = state.withLock { $0.visible(lag, now: now) }
            let left = end - now
            if current >= wanted { return }
            guard left > .zero else {
                var details: JSONValue = [:]
                details["causes"] = [
                    ["reason": "ResourceVersionTooLarge", "message": "Too large resource version"]
                ]
                throw StatusError(
                    504, "Timeout", "Timeout: Too large resource version: \(wanted), current: \(current)",
                    details: details,
                    retryAfter: 1)
            }
            if let pause = waitOfCache(lag) {
                try await time.sleep(for: min(pause, left))
            } else {
                await waitForChange(of: kind, after: current, for: left)
            }
            try Task.checkCancellation()
        }
    }

    func watch(
        _ request: ListRequest, _ representation: Representation, _ target: RequestTarget, fault: Fault?
    ) async throws -> HTTPResponse {
        if case .watchError(let code, let reason, let message)? = fault {
            return streamError(StatusError(code, reason, message))
        }
        let wanted = try Model.revision(target["resourceVersion"])
        let sendsInitial = try sendsInitialEvents(target)
        if sendsInitial == true {
            if configuration.watchList == .withoutProgress {
                return streamError(
                    StatusError(
                        500, "InternalError",
                        "a watch stream was requested by the client but the required storage feature RequestWatchProgress is disabled"
                    ))
            }
            do {
                // Without a version it asks etcd how new the cache has to be.
                let least = wanted ?? state.withLock { $0.model.revision }
                try await waitForRevision(least, request.kind, fault?.lag ?? .zero)
            } catch let error as StatusError {
                // Once a watch is accepted, whatever is wrong is told inside it.
                return streamError(error)
            }
        }
        let now = time.now
        let start: WatchSession.Start? = try state.withLock { state in
            guard state.watchCount < configuration.watchLimit else {
                throw StatusError(429, "TooManyRequests", "too many watches, please try again later", retryAfter: 1)
            }
            let model = state.model
            let isFromNow = sendsInitial ?? (wanted == nil || wanted == 0)
            if !isFromNow, let wanted, wanted > 0 {
                if model.collection(request.kind).changes(after: wanted) == nil { return nil }
                state.watchCount += 1
                return WatchSession.Start(revision: wanted)
            }
            state.watchCount += 1
            let visible = state.visible(fault?.lag ?? .zero, now: now)
            guard isFromNow else { return WatchSession.Start(revision: visible) }
            let collection = model.collection(request.kind)
            let past = visible < model.revision ? collection.objects(at: visible) : nil
            let objects = past ?? collection.objects
            let initial = (past.map { $0.keys.sorted() } ?? collection.keys).compactMap { objects[$0] }
            return WatchSession.Start(
                initial: initial.filter(request.matches),
                endsInitial: sendsInitial == true && configuration.watchList != .endless,
                // What nobody can tell any more is not shown as old: then this cache is not behind.
                revision: past == nil ? model.revision : visible)
        }
        guard let start else {
            let oldest = state.withLock { $0.model.collection(request.kind).compacted }
            return streamError(Self.expired(wanted ?? 0, oldest: oldest))
        }
        let seconds = target["timeoutSeconds"].flatMap { Int64($0) } ?? 0
        // Without a wish the real server chooses 30 to 60 minutes.
        let lifetime = seconds > 0 ? Duration.seconds(min(seconds, 86_400)) : random.jitter(.seconds(1800), spread: 1)
        let session = WatchSession(
            self, request, representation, target, start, lifetime: lifetime, fault: fault)
        return HTTPResponse(
            head: HTTPResponseHead(status: 200, headers: Self.jsonHeaders), body: HTTPBody { try await session.next() })
    }

    /// Whether a watch begins with everything there is; nil where that depends on its resourceVersion.
    ///
    /// - Throws: ``StatusError`` 422, or what this server refuses it with.
    private func sendsInitialEvents(_ target: RequestTarget) throws -> Bool? {
        if configuration.watchList == .ignored { return nil }
        let sends = target["sendInitialEvents"].map { $0 != "false" && $0 != "0" }
        if sends != nil, case .refused(let code) = configuration.watchList {
            guard code == 422 else { throw StatusError(code, Self.reason(of: code), "sendInitialEvents is refused") }
            throw Self.invalidOptions(
                "sendInitialEvents",
                "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled")
        }
        if sends != nil, target["resourceVersionMatch"] != "NotOlderThan" {
            throw Self.invalidOptions(
                "resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
        }
        if sends == nil, target["resourceVersionMatch"]?.isEmpty == false {
            throw Self.invalidOptions(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
        }
        return sends
    }

    private static func invalidOptions(_ field: String, _ message: String) -> StatusError {
        let cause = Cause.forbidden(field, message)
        return StatusError(
            422, "Invalid", "ListOptions.meta.k8s.io \"\" is invalid: \(cause.field): \(cause.message)",
            details: ["group": "meta.k8s.io", "kind": "ListOptions", "causes": [cause.json]])
    }

    /// 200, and the error as the only event.
    private func streamError(_ error: StatusError) -> HTTPResponse {
        let event: JSONValue = ["type": "ERROR", "object": error.status]
        return HTTPResponse(status: 200, headers: Self.jsonHeaders, body: event.encoded + [0x0A])
    }

    static let jsonHeaders = [
        HTTPHeader("Content-Type", "application/json"), HTTPHeader("Cache-Control", "no-cache, private"),
    ]
}

extension KubeSimulator.State {
    /// The newest revision in a cache that is `lag` behind.
    func visible(_ lag: Duration, now: Duration) -> UInt64 {
        guard lag > .zero, let revision = timeline?.revision(lag, before: now) else { return model.revision }
        return min(revision, model.revision)
    }
}

extension Fault {
    /// How far the cache of the API server is behind that answers.
    var lag: Duration { if case .lag(let lag) = self { lag } else { .zero } }
}
