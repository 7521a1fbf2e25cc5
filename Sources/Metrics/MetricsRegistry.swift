import Synchronization

/// The metrics of a process, and their text for Prometheus.
///
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/, text format 0.0.4.
package final class MetricsRegistry: Sendable {
    private struct Histogram {
        var counts: [Int]
        var sum = 0.0
        var count = 0
    }

    private struct State {
        var values: [MetricFamily: [MetricLabels: Double]] = [:]
        var histograms: [MetricFamily: [MetricLabels: Histogram]] = [:]
        var collectors: [@Sendable () -> [MetricSample]] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Adds to a counter.
    package func count(_ family: MetricFamily, _ labels: MetricLabels = [:], by amount: Double = 1) {
        state.withLock { $0.values[family, default: [:]][labels, default: 0] += amount }
    }

    /// Sorts a value into a histogram.
    package func observe(_ family: MetricFamily, _ labels: MetricLabels, _ value: Double) {
        state.withLock { state in
            var histogram =
                state.histograms[family]?[labels] ?? Histogram(counts: Array(repeating: 0, count: family.buckets.count))
            for (index, bound) in family.buckets.enumerated() where value <= bound { histogram.counts[index] += 1 }
            histogram.sum += value
            histogram.count += 1
            state.histograms[family, default: [:]][labels] = histogram
        }
    }

    /// Adds values that are read anew each time somebody asks; what a collector no longer returns is gone.
    package func collect(_ collector: @escaping @Sendable () -> [MetricSample]) {
        state.withLock { $0.collectors.append(collector) }
    }

    /// Everything, sorted by name and labels.
    package var text: String {
        let (values, histograms, collectors) = state.withLock { ($0.values, $0.histograms, $0.collectors) }
        var families = values
        for sample in collectors.flatMap({ $0() }) {
            families[sample.family, default: [:]][sample.labels] = sample.value
        }
        var blocks: [String: String] = [:]
        for (family, samples) in families {
            let lines = samples.map { "\(family.name)\(Self.labels($0.key)) \(Self.number($0.value))\n" }
            blocks[family.name] = Self.head(family) + lines.sorted().joined()
        }
        for (family, samples) in histograms {
            let series = samples.sorted { Self.labels($0.key) < Self.labels($1.key) }
            blocks[family.name] = Self.head(family) + series.map { Self.lines(family, $0.key, $0.value) }.joined()
        }
        return blocks.sorted { $0.key < $1.key }.map(\.value).joined()
    }

    private static func lines(_ family: MetricFamily, _ labels: MetricLabels, _ histogram: Histogram) -> String {
        var text = ""
        let bounds = family.buckets.map(number) + ["+Inf"]
        for (bound, count) in zip(bounds, histogram.counts + [histogram.count]) {
            let labels = labels.merging(["le": bound]) { $1 }
            text += "\(family.name)_bucket\(Self.labels(labels)) \(count)\n"
        }
        text += "\(family.name)_sum\(Self.labels(labels)) \(number(histogram.sum))\n"
        return text + "\(family.name)_count\(Self.labels(labels)) \(histogram.count)\n"
    }

    private static func head(_ family: MetricFamily) -> String {
        let help = family.help.map { $0 == "\\" ? "\\\\" : $0 == "\n" ? "\\n" : String($0) }.joined()
        return "# HELP \(family.name) \(help)\n# TYPE \(family.name) \(family.kind.rawValue)\n"
    }

    private static func labels(_ labels: MetricLabels) -> String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.sorted { $0.key < $1.key }.map { "\($0)=\"\(escaped($1))\"" }
        return "{\(pairs.joined(separator: ","))}"
    }

    private static func escaped(_ value: String) -> String {
        value.unicodeScalars.map { scalar in
            switch scalar {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "\n": "\\n"
            default: String(scalar)
            }
        }.joined()
    }

    private static func number(_ value: Double) -> String {
        guard let whole = Int64(exactly: value) else { return "\(value)" }
        return "\(whole)"
    }
}
