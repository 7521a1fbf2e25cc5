/// Where the unload of one entry stands.
struct Unload: Hashable {
    /// Nil while the last attempt is open, or failed and its retry is not due yet.
    var action: ServerAction?
    var wakeAfter: Duration?
    /// Why the last attempt failed; it stands while the unload is tried again.
    var failure: Attempt.Failure?
}

extension AdapterSituation {
    /// The next step to unload what `server` lists as `name` from `path`.
    func unload(_ name: String, _ path: String, on server: Server) -> Unload {
        let observation = observation(of: server)
        let action = ServerAction.unload(name: name, path: path)
        guard let attempt = observation.attempts[name] else { return Unload(action: action) }
        if attempt.isOpen(before: observation.newestListing, loadTimeout: loadTimeout) {
            return Unload(
                wakeAfter: attempt.lookUpTime(at: now, loadTimeout: loadTimeout),
                failure: attempt.operation == .unload ? attempt.reported : nil)
        }
        guard attempt.operation == .unload, attempt.path == path else { return Unload(action: action) }
        let dueAt = attempt.endedAt + RetryDelay.after(count: attempt.count)
        return Unload(
            action: now >= dueAt ? action : nil, wakeAfter: now >= dueAt ? nil : dueAt - now, failure: attempt.repeated)
    }
}

extension ServerVerdict {
    /// Takes over where an unload stands, and says why it failed if it did.
    mutating func take(_ unload: Unload) {
        action = unload.action
        wakeAfter = unload.wakeAfter
        if let failure = unload.failure { (reason, message) = (failure.reason, failure.message) }
    }
}
