/// What looks at a directory have shown: pure.
///
/// A file counts once two looks in a row show it the same, or gone: an editor may empty, move and fill it in steps.
struct ManifestLook {
    /// What is to be done about one file.
    enum Step: Equatable {
        case apply(file: String, text: String)
        case remove(file: String)

        var file: String {
            switch self {
            case .apply(let file, _), .remove(let file): file
            }
        }
    }

    private var latest: [String: String]?
    private var done: [String: String] = [:]

    /// Takes what a look showed; nil where the directory could not be read, which says nothing about its files.
    ///
    /// Nor does a file say anything that could not be read: it counts as it was.
    mutating func steps(after look: [String: String]?, unreadable: Set<String> = []) -> [Step] {
        guard var look else { return [] }
        for file in unreadable {
            look[file] = done[file]
            latest?[file] = done[file]
        }
        defer { latest = look }
        guard let latest else { return [] }
        let changed = look.keys.sorted().filter { done[$0] != look[$0] && latest[$0] == look[$0] }
        let removed = done.keys.sorted().filter { look[$0] == nil && latest[$0] == nil }
        // A file that was renamed is gone before it is there.
        return removed.map { .remove(file: $0) } + changed.map { .apply(file: $0, text: look[$0] ?? "") }
    }

    /// The step was taken, and need not be again while the file stays as it is.
    mutating func took(_ step: Step) {
        switch step {
        case .apply(let file, let text): done[file] = text
        case .remove(let file): done[file] = nil
        }
    }

    /// What was made of a file is to be made of it once more.
    mutating func repeats(_ file: String) {
        if done[file] != nil { done[file] = "" }
    }

    /// Whether every file of the latest look was dealt with.
    var isSettled: Bool { latest == done }
}
