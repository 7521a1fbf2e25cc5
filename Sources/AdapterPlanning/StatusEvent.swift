/// A transition of an object that people are told of.
package struct StatusEvent: Hashable, Sendable {
    /// What the operator did when it noticed.
    package enum Action: String, Sendable {
        case load = "Load"
        case observe = "Observe"
        case unload = "Unload"
    }

    package var reason: String
    package var action: Action
    package var note: String
    package var isWarning = false

    package init(reason: String, action: Action, note: String, isWarning: Bool = false) {
        self.reason = reason
        self.action = action
        self.note = note
        self.isWarning = isWarning
    }

    /// What the step from one status to the next has to tell: per object, not per server, so that a roll-out over 100
    /// servers is one `Loaded`.
    package static func between(_ old: AdapterStatus, _ new: AdapterStatus) -> [StatusEvent] {
        var events: [StatusEvent] = []
        if let ready = new.conditions?["Ready"] {
            let before = old.conditions?["Ready"]
            if ready.status == .yes, before?.status != .yes {
                events.append(StatusEvent(reason: "Loaded", action: .load, note: ready.message))
            }
            let isConflict = Reason(rawValue: ready.reason)?.reasonClass == .conflict
            if isConflict, before?.reason != ready.reason {
                events.append(StatusEvent(reason: "Conflict", action: .observe, note: ready.message, isWarning: true))
            }
        }
        let wasBlind = old.conditions?["Unreachable"]?.status == .yes
        if let unreachable = new.conditions?["Unreachable"], (unreachable.status == .yes) != wasBlind {
            events.append(
                wasBlind
                    ? StatusEvent(reason: "ServerRecovered", action: .observe, note: "every server answers again")
                    : StatusEvent(
                        reason: "ServerUnreachable", action: .observe, note: unreachable.message, isWarning: true))
        }
        return events
    }

    /// What the end of an object has to tell; `abandoned` are the servers that could not be cleaned up.
    package static func release(of status: AdapterStatus, abandoned: [String]) -> [StatusEvent] {
        guard !abandoned.isEmpty else {
            guard status.claims?.isEmpty == false else { return [] }
            return [StatusEvent(reason: "Unloaded", action: .unload, note: "no server holds it any more")]
        }
        let servers = abandoned.sorted().joined(separator: ", ").clipped(to: 900)
        return [
            StatusEvent(
                reason: "UnloadAbandoned", action: .unload, note: "given up at the deletion timeout: \(servers)",
                isWarning: true)
        ]
    }
}
