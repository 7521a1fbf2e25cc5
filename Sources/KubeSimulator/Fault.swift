/// What goes wrong with one request, chosen by the hook given to ``KubeSimulator/setFault(_:)``.
package enum Fault: Hashable, Sendable {
    /// Answered with this status and nothing done; `retryAfter` in seconds.
    case status(Int, retryAfter: Int? = nil)
    /// The connection breaks before anything was done.
    case dropConnection
    /// Never answered; the client gives up.
    case stall
    /// Done, but the connection breaks before the answer.
    case answerLost
    /// Answered only after this time, in virtual time where time is virtual.
    case delay(Duration)
    /// A watch that breaks in the middle of a line after this many events; other requests are not touched.
    case truncateWatch(afterEvents: Int)
    /// A watch that sends this `Status` as an ERROR event and ends, as 410 `Expired` or 500 `InternalError`.
    case watchError(code: Int, reason: String, message: String)
}
