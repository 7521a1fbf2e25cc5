package import KubeAPI

/// A list of conditions, at most one of each type.
extension [Condition] {
    package subscript(type: String) -> Condition? { first { $0.type == type } }

    /// Sets a condition, at `now` as ``Timestamp/seconds(_:)`` writes it.
    ///
    /// `lastTransitionTime` becomes `now` only if the status differs from the one held; else the one held stays,
    /// whatever `condition` says.
    package mutating func set(_ condition: Condition, at now: String) {
        var condition = condition
        condition.lastTransitionTime = now
        guard let index = firstIndex(where: { $0.type == condition.type }) else { return append(condition) }
        if self[index].status == condition.status, !self[index].lastTransitionTime.isEmpty {
            condition.lastTransitionTime = self[index].lastTransitionTime
        }
        self[index] = condition
    }

    /// The conditions that are wanted, each with the transition time that it keeps from `previous`, sorted by type.
    package func carrying(timesFrom previous: [Condition], at now: String) -> [Condition] {
        sorted { $0.type < $1.type }.map { condition in
            var one = previous.filter { $0.type == condition.type }
            one.set(condition, at: now)
            return one[condition.type] ?? condition
        }
    }
}
