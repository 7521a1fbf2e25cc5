import AdapterFiles
import AdapterPlanning

/// `--adapter-root`: where this process sees the adapters that servers load.
struct AdapterRoot: Sendable {
    /// How servers' paths begin, and what that is here.
    private let served: String
    private let mounted: String

    /// Reads `/adapters`, or `/adapters=/mnt/adapters` where the volume is mounted elsewhere; nil where it is neither.
    init?(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, let first = parts.first, let last = parts.last, first.hasPrefix("/"),
            last.hasPrefix("/")
        else { return nil }
        func plain(_ path: String) -> String { path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path }
        (served, mounted) = (plain(first), plain(last))
    }

    /// Where a server's path is here; nil where it is not to be seen.
    func path(of served: String) -> String? {
        let prefix = self.served == "/" ? "/" : self.served + "/"
        guard served.hasPrefix(prefix), !served.split(separator: "/").contains("..") else { return nil }
        return "\(mounted == "/" ? "" : mounted)/\(served.dropFirst(prefix.count))"
    }

    /// What is wrong with the adapter at a server's path; nil where nothing is, or it is not to be seen from here.
    func problem(at served: String) async -> SpecProblem? {
        guard let path = path(of: served) else { return nil }
        // A network file system may take its time.
        return await BlockingWork.run { look(at: path, for: served) }
    }

    private func look(at path: String, for served: String) -> SpecProblem? {
        // A volume that is not there says nothing about adapters.
        guard AdapterCheck.canSee(mounted) else { return nil }
        let faults = AdapterCheck().checkAdapter(path).faults
        guard let first = faults.first, let reason = Reason(rawValue: first.reason.rawValue) else { return nil }
        let rest = faults.count > 1 ? " (and \(faults.count - 1) more; lora-operator validate names them)" : ""
        return SpecProblem(reason: reason, message: "\(served): \(first.message)\(rest)")
    }
}
