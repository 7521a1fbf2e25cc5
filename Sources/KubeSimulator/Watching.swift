import DynamicJSON
import Effects
import Synchronization

extension KubeSimulator {
    /// The changes after `revision`, at most `limit`; nil where they are forgotten.
    ///
    /// Also the newest revision, or the
    /// oldest that is still known where the changes are not.
    func changes(of kind: ResourceKind, after revision: UInt64, limit: Int) -> ([Collection.Change]?, UInt64) {
        state.withLock { state in
            let collection = state.model.collection(kind)
            guard let changes = collection.changes(after: revision) else { return (nil, collection.compacted) }
            return (Array(changes.prefix(limit)), state.model.revision)
        }
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
                    if let changes = collection.changes(after: revision), changes.isEmpty {
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
    func waitForRevision(_ wanted: UInt64, _ kind: ResourceKind) async throws {
        let end = time.now + .seconds(3)
        while true {
            let current = state.withLock { $0.model.revision }
            let left = end - time.now
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
            await waitForChange(of: kind, after: current, for: left)
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
        let sendsInitial = target["sendInitialEvents"].map { $0 != "false" && $0 != "0" }
        if sendsInitial != nil, target["resourceVersionMatch"] != "NotOlderThan" {
            let cause = Cause.forbidden(
                "resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
            throw StatusError(
                422, "Invalid", "ListOptions.meta.k8s.io \"\" is invalid: \(cause.field): \(cause.message)",
                details: ["group": "meta.k8s.io", "kind": "ListOptions", "causes": [cause.json]])
        }
        if sendsInitial == true {
            guard configuration.supportsWatchList else {
                return streamError(
                    StatusError(
                        500, "InternalError",
                        "a watch stream was requested by the client but the required storage feature RequestWatchProgress is disabled"
                    ))
            }
            if let wanted { try await waitForRevision(wanted, request.kind) }
        }
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
            guard isFromNow else { return WatchSession.Start(revision: model.revision) }
            let collection = model.collection(request.kind)
            let objects = collection.keys.compactMap { collection.objects[$0] }.filter(request.matches)
            return WatchSession.Start(initial: objects, endsInitial: sendsInitial == true, revision: model.revision)
        }
        guard let start else {
            let oldest = state.withLock { $0.model.collection(request.kind).compacted }
            return streamError(Self.expired(wanted ?? 0, oldest: oldest))
        }
        var breaksAfter: Int?
        if case .truncateWatch(let events)? = fault { breaksAfter = events }
        let seconds = target["timeoutSeconds"].flatMap { Int64($0) } ?? 0
        // Without a wish the real server chooses 30 to 60 minutes.
        let lifetime = seconds > 0 ? Duration.seconds(min(seconds, 86_400)) : random.jitter(.seconds(1800), spread: 1)
        let session = WatchSession(
            self, request, representation, target, start, lifetime: lifetime, breaksAfter: breaksAfter)
        return HTTPResponse(
            head: HTTPResponseHead(status: 200, headers: Self.jsonHeaders), body: HTTPBody { try await session.next() })
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
