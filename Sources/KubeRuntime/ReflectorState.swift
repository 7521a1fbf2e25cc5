import Effects
import KubeAPI

/// Where a reflector goes on after all that can happen; pure.
struct ReflectorState {
    enum Step: Hashable {
        /// At least as new as a version that was seen, so that time never goes backwards; nil asks for the newest.
        case list(atLeast: String?)
        case watch(from: String)
    }

    enum Pause: Hashable {
        case none
        /// So short that nobody notices, so that watches which ended together do not return together.
        case short
        /// A failure: the longer, the more of them in a row, and no shorter than the server asks for.
        case backoff(atLeast: Duration?)
    }

    /// A watch that ends sooner than this without an event is a failure, however politely it ended.
    static let shortestWatch = Duration.seconds(1)
    /// So many watches in a row may stay silent, without even a bookmark, before a list is asked what is true.
    static let silentWatches = 2

    private(set) var step = Step.list(atLeast: nil)
    /// The newest version that was told.
    private var version: String?
    private var heard = false
    private var silent = 0
    /// The latest list was made because a watch had expired, and no watch has worked since.
    private var hasRelisted = false

    mutating func listed(at version: String) {
        self.version = version
        step = .watch(from: version)
    }

    mutating func listFailed(_ error: APIError) -> Pause {
        if case .list(.some) = step, error.isExpired || error.isResourceVersionTooLarge {
            step = .list(atLeast: nil)
            return .none
        }
        return .backoff(atLeast: error.retryAfter)
    }

    mutating func watchOpened() { heard = false }

    /// An event or a bookmark came; an object that cannot be read may have no version.
    mutating func advanced(to version: String) {
        heard = true
        silent = 0
        hasRelisted = false
        guard !version.isEmpty else { return }
        self.version = version
        step = .watch(from: version)
    }

    mutating func watchClosed(after duration: Duration) -> Pause {
        if duration >= Self.shortestWatch { hasRelisted = false }
        return heard || duration >= Self.shortestWatch ? .short : .backoff(atLeast: nil)
    }

    /// The watch was refused, broke off, or ended with an `ERROR` event (`isEvent`).
    mutating func watchFailed(_ error: APIError, isEvent: Bool) -> Pause {
        if error.isResourceVersionTooLarge {
            step = .list(atLeast: nil)
            return .backoff(atLeast: error.retryAfter)
        }
        switch error {
        case .expired:
            step = .list(atLeast: version)
            defer { hasRelisted = true }
            return hasRelisted ? .backoff(atLeast: error.retryAfter) : .none
        case .transport:
            if !heard, isSilence(error) { silent += 1 }
            // A server whose history went back keeps a watch from the future open, and silent for ever.
            if silent >= Self.silentWatches {
                silent = 0
                step = .list(atLeast: version)
            }
        case .tooManyRequests where !isEvent, .unauthorized where !isEvent: break
        case .server(let answer) where !isEvent && 502...504 ~= answer.code: break
        default: step = .list(atLeast: version)
        }
        return .backoff(atLeast: error.retryAfter)
    }

    private func isSilence(_ error: APIError) -> Bool {
        if case .transport(let failure, _) = error { failure.kind == .idleTimeout } else { false }
    }
}

extension APIError {
    fileprivate var isExpired: Bool {
        if case .expired = self { true } else { false }
    }
}
