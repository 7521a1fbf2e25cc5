/// Time as the operator knows it: real in production, virtual in a simulation.
package protocol TimeSource: Sendable {
    /// Time since a fixed point, never set back and running on through suspend (`CLOCK_BOOTTIME`).
    /// Every deadline and every interval is measured with it.
    var now: Duration { get }

    /// Seconds since 1970, for the timestamps of API objects alone; no decision compares it.
    var unixTime: Double { get }

    /// Waits; throws `CancellationError` when the task is cancelled.
    func sleep(for duration: Duration) async throws
}

/// Where random numbers come from: the system in production, a seed in a simulation.
package protocol RandomSource: Sendable {
    func next() -> UInt64
}

extension RandomSource {
    /// A number from 0 up to, but not including, 1.
    package func fraction() -> Double { Double(next() >> 11) / Double(UInt64(1) << 53) }

    /// `duration` times a random factor between 1 and `1 + spread`.
    package func jitter(_ duration: Duration, spread: Double) -> Duration { duration * (1 + spread * fraction()) }
}

/// Everything through which the operator reaches the outside world.
package struct Effects: Sendable {
    package var http: any HTTPTransport
    package var time: any TimeSource
    package var random: any RandomSource

    package init(http: any HTTPTransport, time: any TimeSource, random: any RandomSource) {
        self.http = http
        self.time = time
        self.random = random
    }
}

extension Duration {
    /// Whole and broken seconds.
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
