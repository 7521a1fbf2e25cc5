import Glibc
import Logging
import UnixSignals

/// Runs a body until it ends or a signal asks it to.
enum Lifecycle {
    /// The first SIGTERM or SIGINT cancels `body` and waits for it; the second one ends the process at once.
    static func run(_ logger: Logger, _ body: @escaping @Sendable () async throws -> Void) async throws {
        // A reader of the log that has gone must not end the process.
        signal(SIGPIPE, SIG_IGN)
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await body()
                } catch is CancellationError {
                    // Asked to stop, and stopped.
                }
            }
            group.addTask {
                guard let first = await signals.first(where: { _ in true }) else { return }
                signal(SIGTERM, SIG_DFL)
                signal(SIGINT, SIG_DFL)
                logger.info("stopping", metadata: ["signal": "\(first)"])
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
