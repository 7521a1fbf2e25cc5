import Effects

/// A refusal as it came from the server.
package struct APIAnswer: Hashable, Sendable, CustomStringConvertible {
    /// How much of a body that is no `Status` is kept, in bytes.
    package static let textLimit = 2048

    /// What was tried, on what: `get pods demo/a`.
    package var attempt: String
    /// The HTTP status, or the code of an error inside a watch.
    package var code: Int
    /// nil where the body is something else: `404 page not found` is normal.
    package var status: Status?
    /// The body if it is no `Status`: printable, at most ``textLimit`` bytes.
    package var text: String
    /// How long to wait, from the header or the `Status`; at most a minute.
    package var retryAfter: Duration?

    package init(
        attempt: String, code: Int, status: Status? = nil, text: String = "", retryAfter: Duration? = nil
    ) {
        self.attempt = attempt
        self.code = code
        self.status = status
        self.text = text
        self.retryAfter = retryAfter
    }

    package var description: String {
        let said = status?.message ?? text
        let reason = status.map(\.reason) ?? ""
        let head = reason.isEmpty ? "\(attempt): \(code)" : "\(attempt): \(code) \(reason)"
        return said.isEmpty ? head : "\(head): \(said.oneLine(limit: 1024))"
    }
}

extension APIAnswer {
    /// Reads the answer from a response whose status is not 2xx; `body` may be cut.
    init(attempt: String, head: HTTPResponseHead, body: [UInt8]) {
        let status = try? JSON.decode(Status.self, from: body)
        let seconds = status?.retryAfterSeconds.flatMap { $0 > 0 ? Duration.seconds(min($0, 60)) : nil }
        self.init(
            attempt: attempt, code: head.status, status: status,
            text: status == nil ? String(decoding: body.prefix(Self.textLimit), as: UTF8.self).oneLine() : "",
            retryAfter: RetryAfter.duration(head["Retry-After"], date: head["Date"]) ?? seconds)
    }

    /// Reads the answer from an `ERROR` event of a watch.
    init(attempt: String, status: Status) {
        let seconds = status.retryAfterSeconds.flatMap { $0 > 0 ? Duration.seconds(min($0, 60)) : nil }
        self.init(attempt: attempt, code: status.code, status: status, retryAfter: seconds)
    }
}
