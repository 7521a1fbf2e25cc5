import Metrics
import Synchronization
import Testing

@Suite struct MetricsRegistryTests {
    private let registry = MetricsRegistry()
    private let requests = MetricFamily("requests_total", .counter, "Requests.")
    private let time = MetricFamily("time_seconds", .histogram, "Times\nin \\ seconds.", buckets: [0.1, 1])

    @Test func `a counter adds up for each set of labels`() {
        registry.count(requests, ["code": "200"])
        registry.count(requests, ["code": "200"], by: 2)
        registry.count(requests, ["code": "500"])
        #expect(
            registry.text == """
                # HELP requests_total Requests.
                # TYPE requests_total counter
                requests_total{code="200"} 3
                requests_total{code="500"} 1

                """)
    }

    @Test func `a histogram counts in every bucket that a value fits in`() {
        for value in [0.05, 0.5, 5] { registry.observe(time, ["name": "a"], value) }
        #expect(
            registry.text == """
                # HELP time_seconds Times\\nin \\\\ seconds.
                # TYPE time_seconds histogram
                time_seconds_bucket{le="0.1",name="a"} 1
                time_seconds_bucket{le="1",name="a"} 2
                time_seconds_bucket{le="+Inf",name="a"} 3
                time_seconds_sum{name="a"} 5.55
                time_seconds_count{name="a"} 3

                """)
    }

    @Test func `a label's value cannot break out of its quotes`() {
        registry.count(requests, ["host": "a\"b\\c\nd"])
        #expect(registry.text.contains(#"requests_total{host="a\"b\\c\nd"} 1"#))
    }

    @Test func `what a collector no longer returns is gone`() {
        let gauge = MetricFamily("things", .gauge, "Things.")
        let values = Values()
        registry.collect { values.next().map { MetricSample(gauge, ["phase": $0], 1) } }
        #expect(registry.text.contains(#"things{phase="Ready"} 1"#))
        #expect(registry.text.isEmpty)
    }

    private final class Values: Sendable {
        private let first = Mutex(true)

        func next() -> [String] {
            first.withLock { first in
                defer { first = false }
                return first ? ["Ready"] : []
            }
        }
    }
}
