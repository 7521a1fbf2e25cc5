/// When a server is asked for what seldom changes: its version, and how many adapters it keeps in memory.
///
/// Everything is asked again after the server was away, since it may be another one then.
struct ServerFacts {
    /// A server that does not tell its version is not asked for ever.
    static let versionQuestions = 3
    /// The limit shows in a metric that appears with the first request for an adapter.
    static let limitInterval = Duration.seconds(300)

    var hasVersion = false
    var hasLimit = false
    private var versionsAsked = 0
    private var limitAskedAt: Duration?
    private var limitAskedFor = 1

    /// Whether to ask for the version with this probe.
    mutating func asksVersion() -> Bool {
        guard !hasVersion, versionsAsked < Self.versionQuestions else { return false }
        versionsAsked += 1
        return true
    }

    /// Whether to ask for the limit: a server with more adapters than when it was last asked, now and then.
    mutating func asksLimit(count: Int, now: Duration) -> Bool {
        guard !hasLimit, count > limitAskedFor, limitAskedAt.map({ now - $0 >= Self.limitInterval }) ?? true else {
            return false
        }
        (limitAskedAt, limitAskedFor) = (now, count)
        return true
    }
}
