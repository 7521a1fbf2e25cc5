/// A metric as Prometheus knows it: a name, what it means, and how its samples add up.
package struct MetricFamily: Hashable, Sendable {
    package enum Kind: String, Sendable { case counter, gauge, histogram }

    package var name: String
    package var kind: Kind
    package var help: String
    /// Upper bounds of a histogram's buckets, growing; `+Inf` comes by itself.
    package var buckets: [Double]

    package init(_ name: String, _ kind: Kind, _ help: String, buckets: [Double] = []) {
        self.name = name
        self.kind = kind
        self.help = help
        self.buckets = buckets
    }
}

/// One value that is read when somebody asks for it.
package struct MetricSample: Sendable {
    package var family: MetricFamily
    package var labels: MetricLabels
    package var value: Double

    package init(_ family: MetricFamily, _ labels: MetricLabels, _ value: Double) {
        self.family = family
        self.labels = labels
        self.value = value
    }

    package init(_ family: MetricFamily, _ value: Double) { self.init(family, [:], value) }
}

/// Names and values; the values must come from a bounded set, since every combination is kept.
package typealias MetricLabels = [String: String]
