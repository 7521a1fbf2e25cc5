import Foundation
import Testing

/// The metrics that docs/operations.md lists, with their labels.
struct DocumentedMetrics {
    private(set) var all: [String: Set<String>] = [:]

    static func read() throws -> DocumentedMetrics {
        var metrics = DocumentedMetrics()
        for line in try Repository.section("Metrics", of: "docs/operations.md").split(separator: "\n")
        where line.hasPrefix("| `") {
            let cell = line.dropFirst(2).prefix { $0 != "|" }
            for match in cell.matches(of: /`([a-z_]+)(?:\{([a-z_,]*)\})?`/) {
                metrics.all[String(match.output.1)] = Set(match.output.2?.split(separator: ",").map(String.init) ?? [])
            }
        }
        try #require(!metrics.all.isEmpty, "docs/operations.md lists no metrics")
        return metrics
    }

    /// nil where there is no such metric; a histogram has three series.
    func labels(of series: String) -> Set<String>? {
        if let labels = all[series] { return labels }
        for suffix in ["_bucket", "_sum", "_count"] where series.hasSuffix(suffix) {
            if let labels = all[String(series.dropLast(suffix.count))] { return labels }
        }
        return nil
    }
}

extension Repository {
    /// The part of a page under the heading of the second level, up to the next one.
    static func section(_ title: String, of page: String) throws -> String {
        let parts = try text(page).components(separatedBy: "\n## ")
        return try #require(parts.first { $0.hasPrefix("\(title)\n") }, "\(page) has no section \(title)")
    }

    /// The Swift code of the product.
    static func sources() throws -> [(path: String, text: String)] {
        try FileManager.default.subpathsOfDirectory(atPath: path("Sources")).sorted()
            .filter { $0.hasSuffix(".swift") }.map { ("Sources/\($0)", try text("Sources/\($0)")) }
    }
}
