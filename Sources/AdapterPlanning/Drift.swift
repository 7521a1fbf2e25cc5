/// A server that held the adapter and is being given it again.
package struct Drift: Hashable, Sendable {
    /// How it came to lack what it had.
    package enum Cause: String, Sendable {
        case restart, vanished, replaced
    }

    /// Its name and port, as in status.
    package var server: String
    package var port: Int
    package var cause: Cause

    package init(server: String, port: Int, cause: Cause) {
        self.server = server
        self.port = port
        self.cause = cause
    }

    /// The servers that the step from one status to the next shows to have lost the adapter.
    package static func between(_ old: AdapterStatus, _ new: AdapterStatus) -> [Drift] {
        // A new generation is a change that somebody asked for.
        guard old.observedGeneration == new.observedGeneration else { return [] }
        return (new.servers ?? []).compactMap { line in
            guard line.state == .loading, let before = old.servers?.line(line.name, line.port), before.state == .loaded
            else { return nil }
            let cause: Cause =
                before.incarnation != line.incarnation ? .restart : line.root == nil ? .vanished : .replaced
            return Drift(server: line.name, port: line.port, cause: cause)
        }
    }

    /// Whether losses are all that has changed on servers since the status before.
    package static func explains(_ new: AdapterStatus, after old: AdapterStatus) -> Bool {
        let lost = between(old, new)
        return !lost.isEmpty && new.servers?.count == old.servers?.count
            && (new.servers ?? []).allSatisfy { line in
                old.servers?.line(line.name, line.port)?.state == line.state
                    || lost.contains { $0.server == line.name && $0.port == line.port }
            }
    }

    fileprivate func isSameServer(as other: Drift) -> Bool { server == other.server && port == other.port }
}

/// The servers that lost the adapter of one object, until all that are left hold it again: then that is told, once.
package struct OpenDrifts: Sendable {
    private var open: [Drift] = []
    private var repaired: [Drift] = []

    package init() {}

    package var isEmpty: Bool { open.isEmpty && repaired.isEmpty }

    /// Follows the step from one status to the next.
    package mutating func follow(from old: AdapterStatus, to new: AdapterStatus) -> [StatusEvent] {
        guard old.observedGeneration == new.observedGeneration else {
            self = OpenDrifts()
            return []
        }
        let lost = Drift.between(old, new)
        for drift in open where !lost.contains(where: drift.isSameServer) {
            let line = new.servers?.line(drift.server, drift.port)
            guard line == nil || line?.state == .loaded else { continue }
            open.removeAll { $0 == drift }
            if line != nil { repaired.append(drift) }
        }
        open += lost.filter { !open.contains(where: $0.isSameServer) }
        guard open.isEmpty, !repaired.isEmpty else { return [] }
        defer { repaired = [] }
        let servers = repaired.abbreviated(separator: ", ") { "\($0.server) (\($0.cause.rawValue))" }
        return [StatusEvent(reason: "DriftRepaired", action: .load, note: "loaded again on \(servers)")]
    }
}
