import Foundation
import KubeAPI
import Testing

@testable import LoRAOperator

struct SystemProgramTests {
    private func run(_ script: String, timeout: Duration = .seconds(60), limit: Int = 1 << 20) async throws -> String {
        var program = Program(command: "sh", arguments: ["-c", script], environment: ["PLUGIN_TEST": "told"])
        program.timeout = timeout
        program.outputLimit = limit
        return String(decoding: try await SystemProgram.run(program), as: UTF8.self)
    }

    private func failure(_ script: String, timeout: Duration = .seconds(60), limit: Int = 1 << 20) async -> String? {
        await #expect(throws: ProgramFailure.self) { try await run(script, timeout: timeout, limit: limit) }?
            .description
    }

    @Test func `162: a plugin sees this process's environment and what is added to it`() async throws {
        #expect(try await run(#"echo "$PLUGIN_TEST" && test -n "$PATH""#) == "told\n")
    }

    @Test func `162: a plugin that fails says why, in one line`() async {
        let message = await failure("echo 'no profile\nat all' >&2; exit 3")
        #expect(message?.contains("3") == true)
        #expect(message?.contains("no profile") == true)
        #expect(message?.contains("\n") == false)
    }

    @Test func `162: a plugin that is not there, hangs or prints without end is named as such`() async throws {
        await #expect(throws: ProgramFailure("is not installed")) {
            try await SystemProgram.run(Program(command: "no-such-plugin", arguments: [], environment: [:]))
        }
        let began = ContinuousClock.now
        #expect(await failure("exec sleep 300", timeout: .seconds(1)) == "took longer than 1 s")
        #expect(await failure("exec yes", limit: 1000)?.hasPrefix("could not be run") == true)
        #expect(ContinuousClock.now - began < .seconds(120))
    }

    @Test(.timeLimit(.minutes(2)))
    func `162: what a plugin leaves behind holds nobody up`() async throws {
        let began = ContinuousClock.now
        #expect(await failure("sleep 250 & sleep 250", timeout: .seconds(1)) == "took longer than 1 s")
        #expect(try await run("sleep 250 & echo token", timeout: .seconds(40)) == "token\n")
        #expect(ContinuousClock.now - began < .seconds(60))
    }

    @Test func `162: a plugin with a path is run from there`() async throws {
        let program = Program(command: "/bin/echo", arguments: ["a b"], environment: [:])
        #expect(try await SystemProgram.run(program) == Array("a b\n".utf8))
    }
}
