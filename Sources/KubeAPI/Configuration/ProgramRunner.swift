/// Runs a program of the system to its end and returns what it printed.
///
/// Injected, so that nothing in here starts a process of its own accord.
package typealias ProgramRunner = @Sendable (Program) async throws -> [UInt8]

/// A program to run, without a terminal and with nothing to read.
package struct Program: Hashable, Sendable {
    /// A name to look up in `PATH`, or a path.
    package var command: String
    package var arguments: [String]
    /// Added to this process's own environment, or put in the place of what is there.
    package var environment: [String: String]
    /// What runs longer is ended.
    package var timeout = Duration.seconds(30)
    /// What prints more, in bytes, is ended.
    package var outputLimit = 1 << 20

    package init(command: String, arguments: [String], environment: [String: String]) {
        self.command = command
        self.arguments = arguments
        self.environment = environment
    }
}

/// Why a program brought no output: `exited with 1: no such profile`.
package struct ProgramFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    /// `description` may hold what the program said.
    package init(_ description: String) { self.description = description.oneLine(limit: 1024) }
}
