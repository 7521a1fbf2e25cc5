import DynamicJSON
import Foundation
import TestSupport
import Testing

/// deploy/argocd/health.lua in Lua 5.1, the dialect of Argo CD.
struct ArgoHealthTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var object: String
        var health: String

        init(_ description: String, _ object: String, _ health: String) {
            (testDescription, self.object, self.health) = (description, object, health)
        }
    }

    private static func object(_ status: String, metadata: String = "generation: 2") -> String {
        "{metadata: {\(metadata)}, status: {observedGeneration: 2, \(status)}}"
    }

    static let examples = [
        Example("fresh", "{metadata: {generation: 1}, status: {observedGeneration: -1}}", "Progressing"),
        Example("without status", "{metadata: {generation: 1}}", "Progressing"),
        Example(
            "ready", object("conditions: [{type: Ready, status: 'True', reason: Loaded, message: 3 of 3}]"), "Healthy"),
        Example(
            "ready for the spec before",
            object("conditions: [{type: Ready, status: 'True', reason: Loaded}]", metadata: "generation: 3"),
            "Progressing"),
        Example(
            "loading",
            object(
                "conditions: [{type: Ready, status: 'False', reason: LoadInProgress}, {type: Reconciling, status: 'True'}]"
            ),
            "Progressing"),
        Example(
            "stalled",
            object(
                "conditions: [{type: Ready, status: 'False', reason: PathNotFound}, {type: Stalled, status: 'True'}]"),
            "Degraded"),
        Example(
            "unreachable",
            object(
                "conditions: [{type: Ready, status: Unknown, reason: ConnectTimeout}, {type: Unreachable, status: 'True'}]"
            ),
            "Degraded"),
        Example(
            "suspended", object("phase: Suspended, conditions: [{type: Ready, status: 'False', reason: Suspended}]"),
            "Suspended"),
        Example(
            "terminating",
            object(
                "conditions: [{type: Ready, status: 'True', reason: Loaded}]",
                metadata: "generation: 2, deletionTimestamp: now"), "Progressing"),
    ]

    @Test(.lua, arguments: examples)
    func `Argo CD sees what the conditions say`(_ example: Example) async throws {
        let object = try JSONValue.yaml(example.object)
        let script = """
            obj = \(Self.lua(object))
            local health = dofile(arg[1])
            io.write(health.status, "\\n", health.message)
            """
        try await withTemporaryDirectory { directory in
            try write(script, to: "\(directory)/run.lua")
            let program = try #require(installedProgram("lua5.1"))
            let health = Repository.path("deploy/argocd/health.lua")
            let output = String(
                decoding: try await runCommand(program, ["\(directory)/run.lua", health]), as: UTF8.self)
            let lines = output.split(separator: "\n", maxSplits: 1)
            #expect(lines.first.map(String.init) == example.health, "\(output)")
            #expect(lines.count == 2, "no message")
        }
    }

    /// A value as a Lua table.
    private static func lua(_ value: JSONValue) -> String {
        switch value {
        case .object(let members):
            "{" + members.sorted { $0.key < $1.key }.map { "[\"\($0)\"] = \(lua($1))" }.joined(separator: ", ") + "}"
        case .array(let values): "{" + values.map(lua).joined(separator: ", ") + "}"
        default: value.text
        }
    }
}

extension Trait where Self == ConditionTrait {
    /// For tests that run Lua; where CI is to run everything, its absence is a failure.
    static var lua: Self {
        .enabled(
            if: installedProgram("lua5.1") != nil || ProcessInfo.processInfo.environment["CI"] == "true",
            "not run: lua5.1 is not installed (scripts/bootstrap.sh installs it)")
    }
}
