import Effects

/// The machine's own clocks.
package struct SystemTime: TimeSource {
    private let start = ContinuousClock.now

    package init() {}

    package var now: Duration { ContinuousClock.now - start }

    package var unixTime: Double { realTime() }

    package func sleep(for duration: Duration) async throws { try await ContinuousClock().sleep(for: duration) }
}

/// The system's random numbers.
package struct SystemRandom: RandomSource {
    package init() {}

    package func next() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
