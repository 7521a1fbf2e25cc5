import AdapterPlanning
import Effects
import KubeAPI
import Synchronization

/// Looks at adapters' files before they are loaded, beside everything else: a look may take as long as a file system does.
final class FilesInspector: Sendable {
    /// For so long what was found stands: sound files are not read with every plan, faulty ones may be mended.
    private static let soundTime = Duration.seconds(300)
    private static let faultTime = Duration.seconds(30)
    private struct Finding {
        var problem: SpecProblem?
        var until: Duration
    }

    private struct State {
        var findings: [String: Finding] = [:]
        /// Paths to be looked at, with those who wait for it.
        var waiting: [String: Set<NamespacedName>] = [:]
        /// What each object asked about last, and the other way round.
        var paths: [NamespacedName: String] = [:]
        var users: [String: Set<NamespacedName>] = [:]

        /// Notes what an object asks about, and forgets what nobody asks about any more.
        mutating func ask(_ path: String?, for key: NamespacedName) {
            let before = paths[key]
            guard before != path else { return }
            paths[key] = path
            if let path { users[path, default: []].insert(key) }
            guard let before else { return }
            users[before]?.remove(key)
            if users[before]?.isEmpty == true { (users[before], findings[before]) = (nil, nil) }
        }
    }

    private let time: any TimeSource
    private let check: @Sendable (String) async -> SpecProblem?
    private let done: @Sendable (NamespacedName) -> Void
    private let state = Mutex(State())
    private let requests: AsyncStream<String>
    private let request: AsyncStream<String>.Continuation

    /// An inspector that calls `done` for each object that waited, when its files were looked at.
    init(
        time: any TimeSource, check: @escaping @Sendable (String) async -> SpecProblem?,
        done: @escaping @Sendable (NamespacedName) -> Void
    ) {
        self.time = time
        self.check = check
        self.done = done
        (requests, request) = AsyncStream.makeStream()
    }

    /// What is known of the files at `path`; a look that is due begins.
    func verdict(on path: String, for key: NamespacedName) -> FilesVerdict {
        let now = time.now
        let (verdict, isNew) = state.withLock { state -> (FilesVerdict, Bool) in
            state.ask(path, for: key)
            if let finding = state.findings[path], finding.until > now {
                return (finding.problem.map { .faulty($0, nextLook: finding.until - now) } ?? .sound, false)
            }
            let isNew = state.waiting[path] == nil
            state.waiting[path, default: []].insert(key)
            // A fault stands until another look says otherwise.
            if let problem = state.findings[path]?.problem {
                return (.faulty(problem, nextLook: Self.faultTime), isNew)
            }
            return (.pending, isNew)
        }
        if isNew { request.yield(path) }
        return verdict
    }

    /// The object asks no more.
    func forget(_ key: NamespacedName) { state.withLock { $0.ask(nil, for: key) } }

    /// Looks at what is asked for, until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await path in requests {
                group.addTask { await self.look(at: path) }
            }
            group.cancelAll()
        }
    }

    private func look(at path: String) async {
        let problem = await check(path)
        let until = time.now + (problem == nil ? Self.soundTime : Self.faultTime)
        let waiting = state.withLock { state in
            if state.users[path] != nil { state.findings[path] = Finding(problem: problem, until: until) }
            return state.waiting.removeValue(forKey: path) ?? []
        }
        for key in waiting.sorted() { done(key) }
    }
}
