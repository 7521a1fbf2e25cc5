import CurlHTTP
import Glibc
import Synchronization

/// One line on the terminal that says how far something is, once it has taken more than a second.
final class ProgressLine: Sendable {
    private struct State {
        var isShown = false
        var shownAt = Duration.zero
    }

    private let began = SystemTime().now
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let state = Mutex(State())

    func tell(_ text: String) {
        let now = SystemTime().now
        guard isTerminal, now - began > .seconds(1) else { return }
        let isDue = state.withLock { state in
            guard !state.isShown || now - state.shownAt > .milliseconds(100) else { return false }
            state = State(isShown: true, shownAt: now)
            return true
        }
        if isDue { StandardError.write("\r\u{1B}[K\(text)") }
    }

    func clear() {
        let wasShown = state.withLock { state in
            defer { state.isShown = false }
            return state.isShown
        }
        if wasShown { StandardError.write("\r\u{1B}[K") }
    }
}
