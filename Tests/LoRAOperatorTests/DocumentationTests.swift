import AdapterPlanning
import Foundation
import Testing

/// The documentation against the code, in both directions.
@Suite(.timeLimit(.minutes(10)))
struct DocumentationTests {
    @Test func `every metric is documented, and every documented one is real`() throws {
        var code: Set<String> = []
        for (_, text) in try Repository.sources() {
            code.formUnion(text.matches(of: /MetricFamily\(\s*"([a-z_]+)"/).map { String($0.output.1) })
        }
        #expect(code.count > 15)
        #expect(code.sorted() == (try DocumentedMetrics.read()).all.keys.sorted())
    }

    @Test func `every reason that some code gives is documented, and every documented one is real`() throws {
        let code = try Repository.sources().filter { !$0.path.hasSuffix("/Reason.swift") }.map(\.text).joined()
        let cases = try Repository.text("Sources/AdapterPlanning/Reason.swift").matches(of: /case (\w+) = "(\w+)"/)
        #expect(cases.count == Reason.allCases.count)
        let words = Set(code.matches(of: /\.(\w+)/).map { $0.output.1 })
        let given = cases.filter { words.contains($0.output.1) }.map { String($0.output.2) }

        // Some reasons are those of a ServedModel alone, which has a page of its own.
        let discovered = try Repository.text("docs/servedmodel.md").matches(of: /`(\w+)`/).map { String($0.output.1) }
        let documented = try firstColumn(of: "Reasons")
        #expect(Set(documented).subtracting(given).sorted() == [])
        #expect(Set(given).subtracting(documented).subtracting(discovered).sorted() == [])
    }

    @Test func `every reason of an event is documented, and every documented one is real`() throws {
        let code = try Repository.sources().map(\.text).joined()
        let reasons = Set(code.matches(of: /StatusEvent\(\s*reason: "(\w+)"/).map { String($0.output.1) })

        #expect(try firstColumn(of: "Events").sorted() == reasons.sorted())
    }

    @Test func `every condition and phase is documented, and every documented one is real`() throws {
        let code = try Repository.sources().filter { $0.path.hasPrefix("Sources/AdapterPlanning/") }.map(\.text)
            .joined()
        for name in Set(try firstColumn(of: "Conditions") + firstColumn(of: "Phases")) {
            #expect(code.contains("\"\(name)\""), "\(name)")
        }
    }

    @Test func `every reason that needs a person is in the troubleshooting page`() throws {
        let page = try Repository.text("docs/troubleshooting.md")
        for reason in try firstColumn(of: "Reasons") {
            let kind = try #require(Reason(rawValue: reason)).reasonClass
            if kind != .ok, kind != .work { #expect(page.contains("`\(reason)`"), "\(reason)") }
        }
    }

    @Test func `every flag of run is documented with its default, and every documented one is real`() async throws {
        let flags = try await CommandHelp.flags(of: "run").subtracting(["--help", "--version"])
        let rows = try Repository.section("Flags", of: "docs/operations.md").split(separator: "\n")
        let documented = rows.filter { $0.hasPrefix("| `--") }.flatMap { row in
            row.dropFirst(2).prefix { $0 != "|" }.matches(of: /--[a-z][-a-z0-9]*/).map { String($0.output) }
        }
        #expect(documented.sorted() == flags.sorted())
    }

    @Test func `commands in the documentation use subcommands and flags that exist`() async throws {
        let listed = try await CommandHelp.listed()
        #expect(listed.contains("run"))
        var flags: [String: Set<String>] = [:]
        for name in listed { flags[name] = try await CommandHelp.flags(of: name) }
        let everything = flags.values.reduce(into: Set<String>()) { $0.formUnion($1) }
        for page in try pages() {
            for line in try commandLines(of: page) {
                for match in line.matches(of: /lora-operator ([a-z]+)((?: [^|#`]*)?)/)
                where listed.contains(String(match.output.1)) {
                    let known = flags[String(match.output.1)] ?? []
                    for flag in match.output.2.matches(of: /\s(--[a-z][-a-z0-9]*)/) {
                        #expect(known.contains(String(flag.output.1)), "\(page): \(line)")
                    }
                }
            }
            for flag in try Repository.text(page).matches(of: /`--([a-z][-a-z0-9]*)/) {
                let name = "--\(flag.output.1)"
                #expect(everything.contains(name) || Self.foreign.contains(name), "\(page): \(name)")
            }
        }
    }

    @Test func `links between pages lead somewhere`() throws {
        for page in try pages() {
            let directory = Repository.root.appending(path: page).deletingLastPathComponent()
            for link in try Repository.text(page).matches(of: /\]\(([^)#:]+)(?:#[^)]*)?\)/) {
                let target = directory.appending(path: String(link.output.1)).path(percentEncoded: false)
                #expect(FileManager.default.fileExists(atPath: target), "\(page): \(link.output.1)")
            }
        }
    }

    /// Flags of vLLM, kubectl and others.
    private static let foreign: Set = [
        "--api-key", "--enable-lora", "--max-lora-rank", "--max-loras", "--max-cpu-loras", "--lora-modules",
        "--validate", "--host", "--api-server-count", "--dry-run", "--served-model-name", "--enable-auto-tool-choice",
        "--data-parallel-size",
    ]

    private func pages() throws -> [String] {
        let docs = try FileManager.default.contentsOfDirectory(atPath: Repository.path("docs")).sorted()
            .filter { $0.hasSuffix(".md") }.map { "docs/\($0)" }
        return ["README.md", "SECURITY.md", "CONTRIBUTING.md"] + docs
    }

    /// The lines of code blocks, each with what a backslash carries over.
    private func commandLines(of page: String) throws -> [String] {
        let blocks = try Repository.text(page).components(separatedBy: "```")
        return blocks.enumerated().filter { $0.offset % 2 == 1 }.flatMap {
            $0.element.replacing("\\\n", with: " ").split(separator: "\n").map(String.init)
        }
    }

    /// What stands in backticks in the first column of the tables of a section.
    private func firstColumn(of section: String) throws -> [String] {
        let rows = try Repository.section(section, of: "docs/loraadapter.md").split(separator: "\n")
        let names = rows.filter { $0.hasPrefix("| `") }.flatMap { row in
            row.dropFirst(2).prefix { $0 != "|" }.matches(of: /`(\w+)`/).map { String($0.output.1) }
        }
        return section == "Phases" ? Array(Set(names)) : names
    }
}
