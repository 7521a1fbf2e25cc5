/// What the operator's own look at an adapter's files has shown, where it can see them (`--adapter-root`).
package enum FilesVerdict: Hashable, Sendable {
    /// Nothing is wrong, or nobody looked.
    case sound
    /// A look is under way.
    case pending
    /// No server could load it as it is; looked at again after so long.
    case faulty(SpecProblem, nextLook: Duration)
}

extension ServerVerdict {
    /// Takes back a load of files that are not known to be sound.
    ///
    /// What stands under the name stays available, and no other server follows.
    mutating func hold(for files: FilesVerdict) {
        guard action?.isLoad == true else { return }
        switch files {
        case .sound: return
        case .pending:
            action = nil
            (reason, message) = (.loadInProgress, "the files of the adapter are looked at")
        case .faulty(let problem, let nextLook):
            action = nil
            state = .failed
            (reason, message) = (problem.reason, problem.message)
            hasFailedLoad = true
            wakeAfter = nextLook
        }
    }
}
