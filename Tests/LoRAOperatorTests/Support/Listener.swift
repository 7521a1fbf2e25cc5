import Foundation
import Logging

/// Something that serves a socket in a task of its own, from `init` until ``stop()``.
final class Listener: Sendable {
    let port: Int
    private let task: Task<Void, any Error>

    /// Starts `run`, which serves until it is cancelled, and calls what it is given with its port once clients can connect.
    init(_ run: @escaping @Sendable (@escaping @Sendable (Int) -> Void) async throws -> Void) async throws {
        let (bound, report) = AsyncThrowingStream.makeStream(of: Int.self)
        task = Task {
            do {
                try await run { _ = report.yield($0) }
            } catch {
                report.finish(throwing: error)
                throw error
            }
        }
        var ports = bound.makeAsyncIterator()
        guard let port = try await ports.next() else { throw CancellationError() }
        self.port = port
    }

    func stop() async {
        task.cancel()
        _ = await task.result
    }
}

extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// The operator's own lines, shown where LORA_OPERATOR_TEST_LOG is set.
    static let `operator` =
        ProcessInfo.processInfo.environment["LORA_OPERATOR_TEST_LOG"] == nil
        ? silent : Logger(label: "operator") { StreamLogHandler.standardError(label: $0) }
}
