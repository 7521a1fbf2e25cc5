import AdapterPlanning

/// The repairs of one object, from the plan that saw a loss to the one that saw the last of them done.
///
/// Follows plans and not what is written: most repairs take less time than a reader needs to hear of them.
struct RepairsUnderWay {
    private var drifts = OpenDrifts()
    /// The last status that was followed.
    private var last: AdapterStatus
    /// When the first of the losses was seen.
    private var since: Duration?

    init(stored: AdapterStatus) { last = stored }

    var isOver: Bool { drifts.isEmpty }

    /// Goes on to what is planned now.
    ///
    /// - Returns: why servers lack what they had, and what is to be told of those that have it again.
    mutating func follow(to status: AdapterStatus, now: Duration) -> (causes: [Drift.Cause], news: [StatusEvent]) {
        guard status != last else { return ([], []) }
        let causes = Drift.between(last, status).map(\.cause)
        let news = drifts.follow(from: last, to: status)
        last = status
        since = drifts.isEmpty ? nil : since ?? now
        return (causes, news)
    }

    /// How long a status that tells of nothing but these repairs may wait to be written: then they may be done.
    func grace(for status: AdapterStatus, over stored: AdapterStatus, now: Duration) -> Duration? {
        guard let since, Drift.explains(status, after: stored) else { return nil }
        let rest = since + AdapterReconciler.statusInterval - now
        return rest > .zero ? rest : nil
    }
}
