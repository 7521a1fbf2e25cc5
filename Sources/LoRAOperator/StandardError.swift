import Glibc
import Synchronization

/// The process's standard error, written line by line.
enum StandardError {
    /// What fits into a pipe whole or not at all, once there is room.
    private static let portion = 4096
    /// How long a reader that is behind is waited for, once: after that, lines are dropped until it reads again.
    private static let patience: CInt = 100

    private struct State {
        /// Lines that nobody took since the reader was behind; nil while it is not.
        var dropped: Int?
    }

    private static let state = Mutex(State())

    /// Writes without waiting for a reader that has gone or sleeps: logging must neither end the process nor stop it.
    static func write(_ text: String) {
        state.withLock { state in
            if let dropped = state.dropped {
                guard hasRoom(within: 0) else { return state.dropped = dropped + 1 }
                state.dropped = nil
                put("\(dropped) lines of the log are missing here: nobody read them\n")
            }
            if !put(text) { state.dropped = 1 }
        }
    }

    /// - Returns: false where the reader did not take it.
    @discardableResult
    private static func put(_ text: String) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            guard hasRoom(within: patience) else { return false }
            let next = bytes.prefix(portion)
            let written = unsafe next.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard written > 0 else { return true }
            bytes = bytes.dropFirst(written)
        }
        return true
    }

    /// Whether a portion can be written without waiting longer; a file and a reader that has gone always have room.
    private static func hasRoom(within milliseconds: CInt) -> Bool {
        var descriptor = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&descriptor, 1, milliseconds) != 0
    }
}
