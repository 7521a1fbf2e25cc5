import Effects

/// A clock that stands still: a sleep of no length ends at once, any other by cancellation.
protocol TimeSourceStub: TimeSource {}

extension TimeSourceStub {
    var now: Duration { .zero }
    var unixTime: Double { 0 }

    func sleep(for duration: Duration) async throws {
        while duration > .zero {
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}
