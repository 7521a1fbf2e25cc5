package import Effects
package import Logging

/// Workers that reconcile the keys of a queue: never two of them the same key at once.
package struct Controller<Key: Hashable & Sendable & CustomStringConvertible>: Sendable {
    package typealias Reconcile = @Sendable (Key) async throws -> ReconcileResult

    /// One reconcile that has ended.
    package struct Report: Sendable {
        package enum Outcome: String, Sendable {
            case success
            case requeueAfter = "requeue_after"
            case error
        }

        package var key: Key
        package var outcome: Outcome
        package var duration: Duration
    }

    private let name: String
    private let queue: WorkQueue<Key>
    private let workers: Int
    private let time: any TimeSource
    private let logger: Logger
    private let onReport: @Sendable (Report) -> Void
    private let reconcile: Reconcile

    /// A controller called `name` in the log.
    ///
    /// `reconcile` knows a key, reads what is now, and acts; it throws only what it did not expect. `onReport` is for
    /// metrics and must not wait.
    package init(
        name: String, queue: WorkQueue<Key>, workers: Int = 4, time: any TimeSource, logger: Logger,
        onReport: @escaping @Sendable (Report) -> Void = { _ in }, reconcile: @escaping Reconcile
    ) {
        self.name = name
        self.queue = queue
        self.workers = max(1, workers)
        self.time = time
        self.logger = logger
        self.onReport = onReport
        self.reconcile = reconcile
    }

    /// Works until the queue is shut down (then what is in hand is finished first) or the task is cancelled.
    /// - Throws: `CancellationError`.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await queue.run() }
            for _ in 0..<workers {
                group.addTask { while let key = try await queue.take() { try await work(on: key) } }
            }
            try await group.waitForAll()
        }
    }

    private func work(on key: Key) async throws {
        let start = time.now
        defer { queue.done(key) }
        let outcome: Report.Outcome
        do {
            let result = try await reconcile(key)
            queue.forget(key)
            switch result {
            case .done: outcome = .success
            case .requeue(let delay):
                queue.add(key, after: delay)
                outcome = .requeueAfter
            }
        } catch let error as CancellationError where Task.isCancelled {
            // Without that it is some part of the work that was cancelled, and no reason to end.
            throw error
        } catch {
            let delay = queue.addAfterFailure(key)
            logger.warning(
                "reconcile failed",
                metadata: [
                    "controller.name": "\(name)", "reconcile.key": "\(key)", "error": "\(error)",
                    "retry.delay": "\(delay)", "retry.failures": "\(queue.failureCount(of: key))",
                ])
            outcome = .error
        }
        onReport(Report(key: key, outcome: outcome, duration: time.now - start))
    }
}
