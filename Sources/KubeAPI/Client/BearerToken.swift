import Effects
import Synchronization

/// The token that requests carry, read again from its file at most a minute after a rotation.
final class BearerToken: Sendable {
    /// client-go's period.
    static let lifetime = Duration.seconds(60)

    private struct Held {
        var token: String?
        var readAt: Duration
    }

    private let credentials: Credentials
    private let readFile: FileReader
    private let time: any TimeSource
    private let held = Mutex<Held?>(nil)

    init(_ configuration: KubeConfiguration, time: any TimeSource) {
        // A token in clear text is everybody's token.
        let isEncrypted = configuration.server.lowercased().hasPrefix("https://")
        credentials = isEncrypted ? configuration.credentials : .none
        readFile = configuration.readFile
        self.time = time
    }

    /// The token of this moment; nil where there is none.
    var current: String? {
        switch credentials {
        case .none: nil
        case .token(let token): token
        case .tokenFile(let path): held.withLock { token(at: path, held: &$0) }
        }
    }

    /// After a 401: the next request reads the file again, however fresh the token is.
    /// - Returns: false where there is no file, so that nothing can have changed.
    func expire() -> Bool {
        guard case .tokenFile = credentials else { return false }
        held.withLock { $0?.readAt = .zero - Self.lifetime }
        return true
    }

    private func token(at path: String, held: inout Held?) -> String? {
        let now = time.now
        if let held, now - held.readAt < Self.lifetime { return held.token }
        // While the file is being replaced it may be absent or empty: the last good token is still the best one.
        let token = readFile(path).map { String(decoding: $0, as: UTF8.self).trimmed } ?? ""
        held = Held(token: token.isEmpty ? held?.token : token, readAt: now)
        return held?.token
    }
}
