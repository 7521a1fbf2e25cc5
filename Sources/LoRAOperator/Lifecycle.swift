import CurlHTTP
import Effects
import Glibc
import Logging
import UnixSignals

/// Turns the signals of the process into a request to stop.
enum Lifecycle {
    /// How long an orderly end may take, the release of a lease included; kubelet kills after 30 s.
    static let grace = Duration.seconds(25)

    /// Runs `body`, which ends when its ``StopSignal`` fires: at the first SIGTERM or SIGINT.
    ///
    /// One that takes too long is cancelled; a second signal ends the process at once.
    static func run(_ logger: Logger, _ body: @escaping @Sendable (StopSignal) async throws -> Void) async throws {
        // A reader of the log that has gone must not end the process.
        signal(SIGPIPE, SIG_IGN)
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let stop = StopSignal()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await body(stop)
                } catch is CancellationError {
                    logger.warning("stopped in the middle of its work", metadata: ["grace": "\(grace)"])
                }
            }
            group.addTask {
                guard let first = await signals.first(where: { _ in true }) else { return }
                signal(SIGTERM, SIG_DFL)
                signal(SIGINT, SIG_DFL)
                logger.info("stopping", metadata: ["signal": "\(first)"])
                stop.fire()
                try await SystemTime().sleep(for: grace)
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
