/// What goes wrong with one request, chosen by the hook given to ``KubeSimulator/setFault(_:)``.
package enum Fault: Hashable, Sendable {
    /// Answered with this status and nothing done; `retryAfter` in seconds.
    case status(Int, retryAfter: Int? = nil)
    /// Answered by somebody before the server, in other words than a `Status`: a load balancer's page of HTML, or the
    /// plain text with which priority and fairness refuse.
    case page(Int, contentType: String, text: String)
    /// The connection breaks before anything was done.
    case dropConnection
    /// Never answered; the client gives up.
    case stall
    /// Done, but the connection breaks before the answer.
    case answerLost
    /// Answered only after this time, in virtual time where time is virtual.
    case delay(Duration)
    /// Answered by an API server whose cache is this far behind etcd, at most ``Timeline/span``.
    ///
    /// Watches, and lists that name a resourceVersion, come from its cache; everything else is etcd's word.
    case lag(Duration)
    /// A watch that ends after this many events; other requests are not touched.
    case endWatch(WatchEnd, afterEvents: Int)
    /// A watch that sends this `Status` as an ERROR event and ends, as 410 `Expired` or 500 `InternalError`.
    case watchError(code: Int, reason: String, message: String)

    /// How a watch ends before its time.
    package enum WatchEnd: Hashable, Sendable {
        /// The connection breaks in the middle of an event.
        case cut
        /// Politely, as after GOAWAY or at the end of an API server's life.
        case close
        /// Nobody hears of it: the connection stands, and nothing more comes.
        case silence
    }
}
