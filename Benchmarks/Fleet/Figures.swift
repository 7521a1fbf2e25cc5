import FoundationEssentials

/// What one scenario measured: names and values in the order of their measuring.
struct Figures: Codable {
    struct Figure: Codable {
        var name: String
        var value: Double
        var unit: String
    }

    var scenario: String
    /// Adapters, times the servers of each.
    var pairs = 0
    var figures: [Figure] = []

    mutating func add(_ name: String, _ value: Double, _ unit: String) {
        figures.append(Figure(name: name, value: value, unit: unit))
    }
}

/// Values of the same thing, measured again and again.
struct Samples {
    private var values: [Double] = []

    mutating func add(_ value: Double) { values.append(value) }

    /// The smallest value that a share of all values does not exceed.
    func quantile(_ share: Double) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        let rank = Int((share * Double(sorted.count)).rounded(.up)) - 1
        return sorted[min(max(rank, 0), sorted.count - 1)]
    }
}

/// One table for all scenarios; `saved` adds a column with the figures of an earlier run.
func table(_ runs: [Figures], saved: [Figures]) -> String {
    var lines: [String] = []
    for run in runs {
        let before = saved.first { $0.scenario == run.scenario }
        lines.append("\n\(run.scenario)")
        for figure in run.figures {
            var line = "  " + padded(figure.name, to: 44) + padded(left: text(figure.value), to: 10) + " " + figure.unit
            if let old = before?.figures.first(where: { $0.name == figure.name }) {
                line = padded(line, to: 66) + "was " + text(old.value)
                if old.value > 0 { line += " (\(text((figure.value / old.value - 1) * 100)) %)" }
            }
            lines.append(line)
        }
    }
    return lines.joined(separator: "\n")
}

/// Three digits that count.
private func text(_ value: Double) -> String {
    let places = abs(value) >= 100 || value == value.rounded() ? 0 : abs(value) >= 10 ? 1 : abs(value) >= 1 ? 2 : 3
    let scale = [1.0, 10, 100, 1000][places]
    let scaled = (value * scale).rounded() / scale
    return places == 0 ? "\(Int(scaled))" : "\(scaled)"
}

private func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}

private func padded(left text: String, to width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
}
