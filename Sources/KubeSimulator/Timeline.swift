import Effects

/// When each revision came to be: what an API server knows whose cache is behind.
struct Timeline: Sendable {
    /// As far back as a cache may be.
    static let span = Duration.seconds(120)

    private struct Moment: Sendable {
        var time: Duration
        var revision: UInt64
    }

    /// By time; the first stands for everything before.
    private var moments: [Moment]

    /// A history that begins with what there is.
    init(at revision: UInt64, now: Duration) { moments = [Moment(time: now - Self.span, revision: revision)] }

    mutating func note(_ revision: UInt64, at now: Duration) {
        let last = moments.last?.revision ?? 0
        guard revision != last else { return }
        // Time was turned back: no cache remembers what is not so any more.
        if revision < last { moments = [] }
        moments.append(Moment(time: moments.isEmpty ? now - Self.span : now, revision: revision))
        // All at once now and then, which costs nothing on average.
        guard moments.count > 256, let index = moments.lastIndex(where: { $0.time <= now - Self.span }), index > 128
        else { return }
        moments.removeFirst(index)
    }

    /// The newest revision that a cache has which is `lag` behind.
    func revision(_ lag: Duration, before now: Duration) -> UInt64? {
        (moments.last { $0.time <= now - lag } ?? moments.first)?.revision
    }

    /// How long such a cache takes to hear of the next revision after `revision`; nil where there is none.
    func wait(_ lag: Duration, after revision: UInt64, now: Duration) -> Duration? {
        moments.first { $0.revision > revision }.map { $0.time + lag - now }
    }
}
