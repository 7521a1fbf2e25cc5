/// A bucket of attempts after failures, which fills up again with time.
struct FailureAllowance: Sendable {
    private static let burst = 100
    private static let interval = Duration.milliseconds(100)

    /// When the bucket will be full again, if nothing more is taken.
    private var fullAt = Duration.zero

    /// Takes one attempt.
    /// - Returns: how long it has to wait.
    mutating func reserve(at now: Duration) -> Duration {
        fullAt = max(fullAt, now) + Self.interval
        return max(fullAt - now - Self.interval * Self.burst, .zero)
    }
}
