import Testing

@testable import CurlHTTP

struct TransferTimersTests {
    private let start = ContinuousClock.now

    private func timers(total: Duration? = nil, idle: Duration? = nil) -> TransferTimers {
        TransferTimers(started: start, total: total, idle: idle)
    }

    @Test func `without deadlines nothing expires and there is nothing to wait for`() {
        var timers = timers()
        let (expiry, remaining) = timers.check(at: start + .seconds(1_000_000), bytesReceived: 0, waitsForServer: true)
        #expect(expiry == nil && remaining == nil)
    }

    @Test func `the total time runs whatever arrives`() {
        var timers = timers(total: .seconds(10))
        var result = timers.check(at: start + .seconds(9), bytesReceived: 1, waitsForServer: true)
        #expect(result.expiry == nil && result.remaining == .seconds(1))
        result = timers.check(at: start + .seconds(10), bytesReceived: 2, waitsForServer: false)
        #expect(result.expiry == .total(.seconds(10)))
    }

    @Test func `the idle time starts again with every byte`() {
        var timers = timers(idle: .seconds(5))
        _ = timers.check(at: start, bytesReceived: 0, waitsForServer: true)
        #expect(timers.check(at: start + .seconds(4), bytesReceived: 1, waitsForServer: true).remaining == .seconds(5))
        #expect(timers.check(at: start + .seconds(8), bytesReceived: 1, waitsForServer: true).remaining == .seconds(1))
        #expect(timers.check(at: start + .seconds(9), bytesReceived: 1, waitsForServer: true).expiry != nil)
    }

    @Test func `connecting and a slow reader are not idle time`() {
        var timers = timers(idle: .seconds(5))
        #expect(timers.check(at: start + .seconds(60), bytesReceived: 0, waitsForServer: false).expiry == nil)
        #expect(timers.check(at: start + .seconds(64), bytesReceived: 0, waitsForServer: true).expiry == nil)
        #expect(timers.check(at: start + .seconds(65), bytesReceived: 0, waitsForServer: true).expiry != nil)
    }

    @Test func `milliseconds round up and never overflow`() {
        #expect(Duration.microseconds(1).milliseconds() == 1)
        #expect(Duration.milliseconds(1500).milliseconds() == 1500)
        #expect(Duration.seconds(-3).milliseconds(atLeast: 1) == 1)
        #expect(Duration.zero.milliseconds(atLeast: 1) == 1)
        #expect(Duration.seconds(Int64.max).milliseconds() == Int(Int32.max))
    }

    @Test func `durations read well`() {
        #expect(Duration.seconds(30).brief == "30 s")
        #expect(Duration.milliseconds(250).brief == "250 ms")
    }
}
