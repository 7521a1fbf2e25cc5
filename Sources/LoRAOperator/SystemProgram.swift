import CurlHTTP
import KubeAPI
import Subprocess
import SystemPackage

/// Runs programs of the system: the credential plugins of a kubeconfig.
enum SystemProgram {
    /// Beyond it what a program says of its failure is nobody's reading.
    private static let errorLimit = 64 << 10

    /// Waits for the program's end; it is killed when it takes too long, prints too much, or nobody waits any more.
    static func run(_ program: Program) async throws -> [UInt8] {
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask { try await output(of: program) }
            group.addTask {
                try await SystemTime().sleep(for: program.timeout)
                throw ProgramFailure("took longer than \(program.timeout.components.seconds) s")
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
    }

    private static func output(of program: Program) async throws -> [UInt8] {
        let additions = program.environment.compactMap { name, value in
            Subprocess.Environment.Key(rawValue: name).map { ($0, Optional(value)) }
        }
        do {
            let result = try await Subprocess.run(
                program.command.contains("/") ? .path(FilePath(program.command)) : .name(program.command),
                arguments: Arguments(program.arguments),
                environment: .inherit.updating(Dictionary(additions) { _, last in last }),
                output: .bytes(limit: program.outputLimit), error: .string(limit: errorLimit))
            guard result.terminationStatus.isSuccess else {
                let said = result.standardError
                throw ProgramFailure("failed, \(result.terminationStatus)\(said.isEmpty ? "" : ": \(said)")")
            }
            return result.standardOutput
        } catch let error as SubprocessError {
            throw error.code == .executableNotFound
                ? ProgramFailure("is not installed") : ProgramFailure("could not be run: \(error)")
        }
    }
}
