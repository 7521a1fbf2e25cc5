import Effects
import KubeAPI

/// Where a reflector goes on after all that can happen; pure.
///
/// The one place that decides how everything is read: streamed as the beginning of a watch, by a list where that fails.
/// The next time a stream is tried again: the server may be another one by then.
struct ReflectorState {
    /// `atLeast` is a version that was seen, so that time never goes backwards; nil asks for the newest.
    enum Step: Hashable {
        /// Everything, as the beginning of a watch.
        case stream(atLeast: String?)
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
    /// So many watches in a row may stay silent, without even a bookmark, before everything is read anew.
    static let silentWatches = 2

    private(set) var step: Step
    private let streams: Bool
    /// The newest version that was told.
    private(set) var version: String?
    /// The server has accepted the watch that is under way.
    private var isOpen = false
    /// The watch that is under way has told something.
    private var heard = false
    private var silent = 0
    /// Everything was read because a watch had expired, and no watch has worked since.
    private var hasReread = false

    init(streams: Bool) {
        self.streams = streams
        step = streams ? .stream(atLeast: nil) : .list(atLeast: nil)
    }

    /// Everything up to `version` is in the store.
    mutating func synced(at version: String) {
        self.version = version
        step = .watch(from: version)
    }

    /// The server accepted a watch.
    mutating func opened() { isOpen = true }

    /// An event or a bookmark came; an object that cannot be read may have no version.
    mutating func advanced(to version: String) {
        heard = true
        silent = 0
        hasReread = false
        guard !version.isEmpty else { return }
        self.version = version
        step = .watch(from: version)
    }

    /// The server ended a watch politely.
    mutating func closed(after duration: Duration) -> Pause {
        defer { ended() }
        if duration >= Self.shortestWatch { hasReread = false }
        return heard || duration >= Self.shortestWatch ? .short : .backoff(atLeast: nil)
    }

    /// The store is not what the server had at ``version``: only etcd is believed.
    mutating func distrusted() {
        ended()
        step = .list(atLeast: nil)
    }

    /// What was under way was refused, broke off, or ended with an `ERROR` event.
    mutating func failed(_ error: APIError) -> Pause {
        defer { ended() }
        switch step {
        case .stream(let version): return streamFailed(error, atLeast: version)
        case .list(let version): return listFailed(error, atLeast: version)
        case .watch: return watchFailed(error)
        }
    }

    private mutating func ended() {
        isOpen = false
        heard = false
    }

    private mutating func reread(atLeast version: String?) {
        step = streams ? .stream(atLeast: version) : .list(atLeast: version)
    }

    private mutating func streamFailed(_ error: APIError, atLeast version: String?) -> Pause {
        if version != nil, error.isUnavailableVersion {
            step = .stream(atLeast: nil)
            return .none
        }
        if !isOpen, error.saysNothingOfTheRequest {
            // Who is not even reached, or has no time, would not answer a list either; but a proxy that holds back
            // what does not end, and is silent or answers itself, may let a list through.
            if error.mayBeBecauseItStreams { step = .list(atLeast: version) }
            return .backoff(atLeast: error.retryAfter)
        }
        step = .list(atLeast: version)
        return error.retryAfter.map { .backoff(atLeast: $0) } ?? .none
    }

    private mutating func listFailed(_ error: APIError, atLeast version: String?) -> Pause {
        if version != nil, error.isUnavailableVersion {
            step = .list(atLeast: nil)
            return .none
        }
        // Then it was not the stream that was in the way.
        if error.isLossOfContact { reread(atLeast: version) }
        return .backoff(atLeast: error.retryAfter)
    }

    private mutating func watchFailed(_ error: APIError) -> Pause {
        if error.isResourceVersionTooLarge {
            reread(atLeast: nil)
            return .backoff(atLeast: error.retryAfter)
        }
        switch error {
        case .expired:
            reread(atLeast: version)
            defer { hasReread = true }
            return hasReread ? .backoff(atLeast: error.retryAfter) : .none
        case .transport:
            if !heard, error.isSilence { silent += 1 }
            // A server whose history went back keeps a watch from the future open, and silent for ever.
            if silent >= Self.silentWatches {
                silent = 0
                reread(atLeast: version)
            }
        // Even inside the stream: the server has no time, and a list would cost it more.
        case .tooManyRequests: break
        case _ where !isOpen && error.saysNothingOfTheRequest: break
        default: reread(atLeast: version)
        }
        return .backoff(atLeast: error.retryAfter)
    }
}

extension APIError {
    /// The version that was asked for is forgotten, or has not been reached.
    fileprivate var isUnavailableVersion: Bool {
        if case .expired = self { true } else { isResourceVersionTooLarge }
    }

    fileprivate var isSilence: Bool {
        if case .transport(let failure, _) = self { failure.kind == .idleTimeout } else { false }
    }

    /// Somebody was reached, and did not answer, or not as the server.
    fileprivate var mayBeBecauseItStreams: Bool {
        if case .transport(let failure, _) = self { failure.mayHaveBeenReceived } else { isLossOfContact }
    }

    /// The same request may be answered next time.
    fileprivate var saysNothingOfTheRequest: Bool {
        switch self {
        case .tooManyRequests, .unauthorized: true
        default: isLossOfContact
        }
    }
}
