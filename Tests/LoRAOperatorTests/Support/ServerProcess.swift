import Foundation
import Synchronization
import TestSupport

/// A program that runs beside a test, its output in a file.
final class ServerProcess: Sendable {
    let name: String
    private let log: String
    private let process: Mutex<Process>
    private let killed = Atomic(false)

    init(
        _ path: String, log: String, _ arguments: [String], environment: [String: String]? = nil,
        directory: String? = nil, errors: FileHandle? = nil
    ) throws {
        name = URL(filePath: path).lastPathComponent
        self.log = log
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        if let environment { process.environment = environment }
        if let directory { process.currentDirectoryURL = URL(filePath: directory) }
        try Data().write(to: URL(filePath: log))
        let file = try FileHandle(forWritingTo: URL(filePath: log))
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = file
        process.standardError = errors ?? file
        try withoutBlockedSignals { try process.run() }
        try file.close()
        self.process = Mutex(process)
    }

    var pid: Int32 { process.withLock { $0.processIdentifier } }

    var isRunning: Bool { process.withLock { $0.isRunning } }

    /// Its exit code, or the number of the signal that ended it; nil while it runs.
    var status: Int32? { process.withLock { $0.isRunning ? nil : $0.terminationStatus } }

    /// Standard output and standard error in the order of their lines.
    var output: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    var lines: [String] { output.split(separator: "\n").map(String.init) }

    var lastLines: String { lines.suffix(20).joined(separator: "\n") }

    /// Asks it to end, as the kubelet does.
    func terminate() { process.withLock { if $0.isRunning { $0.terminate() } } }

    func signal(_ number: Int32) { process.withLock { _ = Foundation.kill($0.processIdentifier, number) } }

    /// Ends it at once, without a word.
    func kill() {
        killed.store(true, ordering: .relaxed)
        if isRunning { signal(SIGKILL) }
    }

    var wasKilled: Bool { killed.load(ordering: .relaxed) }

    /// Waits for its end and returns its exit code; nil where it did not end in time.
    func exit(within limit: Duration) async throws -> Int32? {
        _ = try await eventually(within: limit) { !isRunning }
        return status
    }

    /// Ends it, by force where asking does not help.
    func stop() async {
        terminate()
        let hasEnded = (try? await eventually(within: .seconds(10)) { !isRunning }) ?? false
        if !hasEnded { kill() }
    }
}

/// A program inherits what its thread blocks, and the threads of Swift's tasks block SIGTERM.
private func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
    var none = sigset_t()
    var before = sigset_t()
    unsafe sigemptyset(&none)
    unsafe pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    try body()
}
