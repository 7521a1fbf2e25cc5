import Effects

/// The deadlines that libcurl does not keep for us, as values: total time, and time without a byte.
struct TransferTimers {
    enum Expiry: Equatable { case total(Duration), idle(Duration) }

    private let started: ContinuousClock.Instant
    private let total: Duration?
    private let idle: Duration?
    private var lastProgress: ContinuousClock.Instant
    private var bytesSeen = 0

    init(started: ContinuousClock.Instant, total: Duration?, idle: Duration?) {
        self.started = started
        self.total = total
        self.idle = idle
        lastProgress = started
    }

    /// What has expired at `now`, and else how long until something may.
    ///
    /// A changed number of bytes is progress. `waitsForServer` is false while connecting, which has its own timeout, and
    /// while the reader holds the server back: that time does not count as idle.
    mutating func check(
        at now: ContinuousClock.Instant, bytesReceived: Int, waitsForServer: Bool
    ) -> (expiry: Expiry?, remaining: Duration?) {
        if bytesReceived != bytesSeen || !waitsForServer {
            bytesSeen = bytesReceived
            lastProgress = now
        }
        let totalLeft = total.map { $0 - (now - started) }
        let idleLeft = idle.map { $0 - (now - lastProgress) }
        if let total, let totalLeft, totalLeft <= .zero { return (.total(total), nil) }
        if let idle, let idleLeft, idleLeft <= .zero { return (.idle(idle), nil) }
        return (nil, [totalLeft, idleLeft].compactMap(\.self).min())
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, between `minimum` and what a C `int` holds.
    func milliseconds(atLeast minimum: Int = 0) -> Int {
        let limit = Int64(Int32.max)
        let (seconds, attoseconds) = components
        guard seconds < limit / 1000 else { return Int(limit) }
        guard seconds >= 0, attoseconds >= 0 else { return minimum }
        let fraction = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Swift.max(minimum, Int(seconds * 1000 + fraction))
    }

    /// For messages: `30 s`, `250 ms`.
    var brief: String {
        let milliseconds = milliseconds()
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
    }
}
