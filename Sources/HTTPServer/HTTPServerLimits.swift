/// What one peer may cost an ``HTTPServer``.
package struct HTTPServerLimits: Sendable {
    /// Connections at once; one more is closed as soon as it is accepted.
    package var connections = 256
    /// Request line and headers, in bytes; more is answered 431.
    package var headBytes = 16 << 10
    /// Request body, in bytes; more is answered 413.
    package var bodyBytes = 4 << 20
    /// From a request's head to the end of its body.
    package var bodyTimeout: Duration = .seconds(30)
    /// From the opening of a connection, or the end of a response, until the next head is complete.
    package var idleTimeout: Duration = .seconds(60)
    /// Longest time in which a client reads nothing of what is being written to it.
    package var stallTimeout: Duration = .seconds(60)

    package init() {}
}
