/// What an API server makes of `sendInitialEvents`.
package enum WatchListSupport: Hashable, Sendable {
    /// As 1.34 and later do.
    case full
    /// Refuses it inside the stream, as servers whose etcd is old (fixture 074b).
    case withoutProgress
    /// Refuses it with this status, as servers that have it turned off (422) or know no such thing.
    case refused(Int)
    /// Watches as if it had not been asked for, as whoever does not know the parameter.
    case ignored
    /// Sends everything, and never says that this was all.
    case endless
}
