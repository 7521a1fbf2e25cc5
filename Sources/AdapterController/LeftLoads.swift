import AdapterPlanning

/// Loads of unknown outcome that nobody looks up any more, by the connection that they went out through: an object that is
/// made anew a moment later must know of them.
struct LeftLoads {
    /// As long as a load with the default `loadTimeout` is looked up.
    private static let memory = Duration.seconds(600)

    private var loads: [Connection: [String: Attempt]] = [:]

    /// Keeps those of `attempts` that are meant here.
    mutating func add(_ attempts: [String: Attempt], of connection: Connection, now: Duration) {
        forgetOld(now)
        let open = attempts.filter { $0.value.operation == .load && $0.value.outcome == .unknown }
        guard !open.isEmpty else { return }
        loads[connection, default: [:]].merge(open) { $1 }
    }

    /// Gives away what went out to the server of `connection`, by any way.
    mutating func take(for connection: Connection, now: Duration) -> [[String: Attempt]] {
        forgetOld(now)
        let ways = loads.keys.filter { $0.leads(where: connection) }
        return ways.compactMap { loads.removeValue(forKey: $0) }
    }

    private mutating func forgetOld(_ now: Duration) {
        loads = loads.compactMapValues { known in
            let recent = known.filter { now - $0.value.endedAt < Self.memory }
            return recent.isEmpty ? nil : recent
        }
    }
}
