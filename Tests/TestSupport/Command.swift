import Foundation

/// Runs a program of the system and returns what it printed; throws when it fails.
@discardableResult
package func runCommand(
    _ program: String, _ arguments: [String], environment: [String: String]? = nil, input: [UInt8] = []
) async throws -> [UInt8] {
    try await onOwnThread { try runAndWait(program, arguments, environment, input) }
}

private func runAndWait(
    _ program: String, _ arguments: [String], _ environment: [String: String]?, _ input: [UInt8]
) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    if let environment { process.environment = environment }
    let (stdin, stdout) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = FileHandle.nullDevice
    // Not waitUntilExit(), which leaks a weak reference and so fails a run with the address sanitizer.
    let hasExited = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in hasExited.signal() }
    try process.run()
    let writer = stdin.fileHandleForWriting
    Thread.detachNewThread {
        try? writer.write(contentsOf: Data(input))
        try? writer.close()
    }
    let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
    hasExited.wait()
    guard process.terminationStatus == 0 else {
        throw CommandFailure(program: program, arguments: arguments, status: process.terminationStatus)
    }
    return Array(output)
}

/// A program of the system that failed.
package struct CommandFailure: Error {
    package let program: String
    package let arguments: [String]
    package let status: Int32
}

/// The path of a program of the system, or nil where it is not installed.
package func installedProgram(_ name: String) -> String? {
    ["/usr/bin/", "/usr/sbin/", "/bin/", "/usr/local/bin/"].map { $0 + name }
        .first { FileManager.default.isExecutableFile(atPath: $0) }
}
