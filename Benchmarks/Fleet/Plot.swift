import Foundation

/// A plot of what a fleet costs against its size, as SVG: one curve for each thing that was measured.
///
/// Both axes are logarithmic: what grows with the pairs of adapter and server alone is a line of slope one.
struct Plot {
    var runs: [Figures]

    var svg: String {
        let curves = [
            ("all Ready", "s"), ("CPU of the operator until Ready", "s"), ("operator restart: verified", "s"),
            ("RSS at rest", "MiB"), ("one more: created to loaded everywhere, p50", "ms"), ("at rest: CPU", "%"),
        ]
        let panels = curves.enumerated().map { index, curve in
            let points = runs.compactMap { run in
                run.figures.first { $0.name == curve.0 }.map { (Double(run.pairs), $0.value) }
            }
            return panel("\(curve.0) (\(curve.1))", points, at: (Double(index % 3) * 300, Double(index / 3) * 240))
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="900" height="480" font-family="sans-serif" font-size="11">
            <rect width="900" height="480" fill="white"/>
            \(panels.joined(separator: "\n"))
            </svg>

            """
    }
}

private func panel(_ title: String, _ points: [(Double, Double)], at origin: (Double, Double)) -> String {
    let (width, height) = (210.0, 150.0)
    let horizontal = Decades(points.map(\.0))
    let vertical = Decades(points.map(\.1))
    var lines = ["<g transform=\"translate(\(origin.0 + 60) \(origin.1 + 40))\">"]
    lines.append("<text x=\"0\" y=\"-14\" font-weight=\"bold\">\(title)</text>")
    for power in horizontal.range {
        let x = horizontal.share(ten(power)) * width
        lines.append("<path d=\"M\(x) 0V\(height)\" stroke=\"#ddd\"/>")
        lines.append("<text x=\"\(x)\" y=\"\(height + 16)\" text-anchor=\"middle\">\(label(power))</text>")
    }
    for power in vertical.range {
        let y = height - vertical.share(ten(power)) * height
        lines.append("<path d=\"M0 \(y)H\(width)\" stroke=\"#ddd\"/>")
        lines.append("<text x=\"-6\" y=\"\(y + 4)\" text-anchor=\"end\">\(label(power))</text>")
    }
    lines.append("<text x=\"\(width)\" y=\"\(height + 30)\" text-anchor=\"end\">adapters × servers of each</text>")
    for (size, value) in points where value > 0 {
        let (x, y) = (horizontal.share(size) * width, height - vertical.share(value) * height)
        lines.append("<circle cx=\"\(x)\" cy=\"\(y)\" r=\"4\" fill=\"#1f5fa8\"/>")
    }
    lines.append("</g>")
    return lines.joined(separator: "\n")
}

/// The powers of ten around some values.
private struct Decades {
    var range: ClosedRange<Int>

    init(_ values: [Double]) {
        let powers = values.filter { $0 > 0 }.map { log10($0) }
        let low = Int((powers.min() ?? 0).rounded(.down))
        range = low...max(low + 1, Int((powers.max() ?? 1).rounded(.up)))
    }

    /// Where a value is: 0 at the lower end, 1 at the upper.
    func share(_ value: Double) -> Double {
        (log10(value) - Double(range.lowerBound)) / Double(range.count - 1)
    }
}

private func ten(_ power: Int) -> Double {
    power < 0 ? 1 / ten(-power) : (0..<power).reduce(1) { product, _ in product * 10 }
}

private func label(_ power: Int) -> String { power < 0 ? "\(ten(power))" : "\(Int(ten(power)))" }
