import Synchronization

/// When something was last heard.
final class LastHeard: Sendable {
    private let state = Mutex<Duration?>(nil)

    var value: Duration? { state.withLock { $0 } }

    func hear(at now: Duration) { state.withLock { $0 = now } }
}
