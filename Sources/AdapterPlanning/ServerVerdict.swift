/// What one server is to one object: its line in status, and the action it asks for.
struct ServerVerdict: Hashable {
    var server: Server
    var isWanted: Bool
    var state: ServerStatus.State
    var reason: Reason
    var message = ""
    var root: String?
    var parent: String?
    var action: ServerAction?
    /// Replaces what callers use under the same name, so it counts against `maxUnavailable`.
    var isReplacement = false
    /// Callers get an answer under the wanted name now, from the wanted path or the one before.
    var isAvailable = false
    /// The wanted load failed, or is not confirmed: no other server is to follow.
    var hasFailedLoad = false
    /// A valid list shows that nothing of this object is there under the wanted name.
    var provesAbsence = false
    /// When to look again although nothing changed.
    var wakeAfter: Duration?

    var reasonClass: ReasonClass { reason.reasonClass }

    /// Nothing is under way that could bring the wanted name here.
    var isStuck: Bool {
        guard isWanted, action == nil else { return false }
        // A replacement that is held back may wait for servers that cannot have the adapter at all.
        let isHeldBack = isReplacement && reason == .updateInProgress
        return reasonClass == .failed
            || wakeAfter == nil && (reasonClass == .conflict || reason == .unloadPending || isHeldBack)
    }

    /// The same without the load that it asks for.
    var withoutLoad: ServerVerdict {
        guard action?.isLoad == true else { return self }
        var verdict = self
        verdict.action = nil
        return verdict
    }
}

extension ServerVerdict {
    static func blind(_ server: Server, isWanted: Bool, _ reason: Reason, _ message: String) -> ServerVerdict {
        ServerVerdict(
            server: server, isWanted: isWanted, state: reason.isNoAnswer ? .unreachable : .unknown, reason: reason,
            message: message)
    }
}
