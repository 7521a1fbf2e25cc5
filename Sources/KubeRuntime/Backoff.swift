import Effects

/// How long to wait after the n-th failure in a row; a value, time is an argument.
package struct Backoff: Hashable, Sendable {
    package var base: Duration
    package var limit: Duration

    package init(base: Duration, limit: Duration) {
        self.base = base
        self.limit = limit
    }

    /// `base` doubled `failures - 1` times, at most `limit`; never overflows.
    package func delay(afterFailures failures: Int) -> Duration {
        // 2^40 times any base that makes sense is beyond any limit.
        let doublings = min(max(failures - 1, 0), 40)
        return min(base * (1 << doublings), limit)
    }
}

/// A backoff that is forgotten after some time of health.
struct HealthBackoff {
    let backoff: Backoff
    /// How long everything must have been well before failures are forgotten.
    let recovery: Duration
    private(set) var failures = 0
    private var healthySince: Duration?

    init(_ backoff: Backoff, recovery: Duration) {
        self.backoff = backoff
        self.recovery = recovery
    }

    mutating func succeeded(at now: Duration) { healthySince = healthySince ?? now }

    /// Counts a failure.
    /// - Returns: the longest time to wait now.
    mutating func failed(at now: Duration) -> Duration {
        if let healthySince, now - healthySince >= recovery { failures = 0 }
        healthySince = nil
        failures = min(failures + 1, 1000)
        return backoff.delay(afterFailures: failures)
    }
}
