import DynamicJSON
import Foundation
import KubeSimulator
import TestSupport
import Testing

/// What deploy/ gives to Prometheus, Grafana and Argo CD.
@Suite(.timeLimit(.minutes(10)))
struct MonitoringTests {
    private static func ruleGroups() throws -> JSONValue {
        let text = try Repository.text("deploy/monitoring/rules/rules.yaml")
        return try #require(try JSONValue.yaml(text)["spec"])
    }

    @Test func `every alert and every panel asks for metrics and labels that exist`() throws {
        let metrics = try DocumentedMetrics.read()
        var queries = try Self.ruleGroups().strings(named: "expr")
        let dashboard = try Repository.text("deploy/monitoring/dashboard.json")
        queries += try JSONDecoder().decode(JSONValue.self, from: Data(dashboard.utf8)).strings(named: "expr")

        #expect(queries.count > 15)
        for query in queries {
            let names = Self.metricNames(in: query)
            #expect(!names.isEmpty, "\(query)")
            for name in names { #expect(metrics.labels(of: name) != nil, "\(name) in \(query)") }
            let known = Set(names.flatMap { metrics.labels(of: $0) ?? [] }).union(["le", "job", "instance"])
            for label in Self.labels(in: query) { #expect(known.contains(label), "\(label) in \(query)") }
        }
    }

    @Test(.prometheus) func `promtool finds nothing wrong with the alert rules`() async throws {
        try await withTemporaryDirectory { directory in
            try write(try Self.ruleGroups().text, to: "\(directory)/rules.yaml")
            try await promtool(["check", "rules", "--lint=all", "--lint-fatal", "\(directory)/rules.yaml"])
        }
    }

    @Test(.prometheus) func `the alerts fire when they should and stay silent when they should`() async throws {
        try await withTemporaryDirectory { directory in
            try write(try Self.ruleGroups().text, to: "\(directory)/rules.yaml")
            try write(try Repository.text("Tests/Fixtures/alerts.yaml"), to: "\(directory)/alerts.yaml")
            try await promtool(["test", "rules", "\(directory)/alerts.yaml"])
        }
    }

    private func promtool(_ arguments: [String]) async throws {
        let program = try #require(installedProgram("promtool"))
        let words = ([program] + arguments).map { "'\($0)'" }.joined(separator: " ")
        // Its findings are what the reader needs.
        let output = try await runCommand("/bin/sh", ["-c", "\(words) 2>&1 || echo FAILED"])
        let text = String(decoding: output, as: UTF8.self)
        #expect(!text.contains("FAILED"), "\(text)")
    }

    // MARK: Queries

    private static let functions: Set = [
        "absent", "and", "by", "histogram_quantile", "increase", "max", "on", "or", "rate", "sum", "unless", "vector",
    ]

    private static func metricNames(in query: String) -> [String] {
        // Neither what is quoted nor what is in braces or in `by (…)` is a metric.
        var text = query.replacing(/"[^"]*"/, with: "").replacing(/\{[^}]*\}/, with: "").replacing(
            /\[[^\]]*\]/, with: "")
        text = text.replacing(/(by|on) \([^)]*\)/, with: "")
        return text.matches(of: /[a-z_]{2,}/).map { String($0.output) }.filter { !functions.contains($0) }
    }

    private static func labels(in query: String) -> [String] {
        let text = query.replacing(/"[^"]*"/, with: "")
        let selected = text.matches(of: /([a-z_]+)\s*(=~|!=|!~|=)\s*[,}]/).map { String($0.output.1) }
        let grouped = text.matches(of: /(?:by|on) \(([^)]*)\)/).flatMap {
            $0.output.1.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        return selected + grouped
    }
}

extension Trait where Self == ConditionTrait {
    /// For tests that ask Prometheus' own tool; where CI is to run everything, its absence is a failure.
    static var prometheus: Self {
        .enabled(
            if: installedProgram("promtool") != nil || ProcessInfo.processInfo.environment["CI"] == "true",
            "not run: promtool is not installed (Debian's package prometheus; scripts/bootstrap.sh installs it)")
    }
}

extension JSONValue {
    /// Every string that stands under this key, at any depth.
    func strings(named key: String) -> [String] {
        switch self {
        case .array(let values): values.flatMap { $0.strings(named: key) }
        case .object(let members):
            members.sorted { $0.key < $1.key }.flatMap { name, value in
                name == key ? value.stringValue.map { [$0] } ?? [] : value.strings(named: key)
            }
        default: []
        }
    }
}
