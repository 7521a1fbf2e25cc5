import Dispatch

/// Work that blocks the thread that does it: it gets one of its own, so that no task waits for it.
enum BlockingWork {
    static func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: body()) }
        }
    }
}
