import Foundation
import Glibc
import Synchronization

/// The operator's own process, and what the kernel says of it.
final class OperatorProcess {
    private static let running = Mutex<Set<pid_t>>([])

    private let process = Process()

    /// Starts `binary run` against the API server that `kubeconfig` names; its log goes to `log`.
    init(binary: String, kubeconfig: String, log: String, arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments =
            [
                "run", "--kubeconfig", kubeconfig, "--health-probe-bind-address", "0", "--metrics-bind-address", "0",
                "--log-level", "warning",
            ]
            + arguments
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let output = FileHandle(forWritingAtPath: log)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let id = process.processIdentifier
        _ = Self.running.withLock { $0.insert(id) }
    }

    /// Ends all of them with this process when it is asked to end; to be kept while that holds.
    static func endWithThisProcess() -> [any DispatchSourceSignal] {
        [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                for process in running.withLock({ $0 }) { _ = Glibc.kill(process, SIGKILL) }
                exit(128 + number)
            }
            source.resume()
            return source
        }
    }

    var isRunning: Bool { process.isRunning }

    func kill() {
        guard process.isRunning else { return }
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let id = process.processIdentifier
        _ = Self.running.withLock { $0.remove(id) }
    }

    /// Seconds of CPU that it has used, user and system.
    var cpuSeconds: Double {
        let fields = read("stat").split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Memory in MiB: `VmRSS` now, or `VmHWM`, the most there ever was.
    func memory(_ field: String) -> Double {
        let line = read("status").split(separator: "\n").first { $0.hasPrefix(field) } ?? ""
        let kibibytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Double($0) }
        return (kibibytes ?? 0) / 1024
    }

    private func read(_ name: String) -> String {
        (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/\(name)", encoding: .utf8)) ?? ""
    }
}
