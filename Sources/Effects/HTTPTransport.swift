/// Sends requests: libcurl in production, the simulators' models in a simulation.
package protocol HTTPTransport: Sendable {
    /// Sends `request` and runs `body` with the response as soon as its head is there.
    ///
    /// The response lives only inside `body`: leaving it early, by return, error or cancellation, ends the transfer.
    /// - Throws: ``HTTPFailure`` for everything that goes wrong on the way, `CancellationError`, and what `body` throws.
    func withResponse<Value: Sendable>(
        to request: HTTPRequest, _ body: (HTTPResponse) async throws -> Value
    ) async throws -> Value
}

extension HTTPTransport {
    /// Sends `request` and waits for the whole body, at most `options.bodyLimit` bytes of it.
    package func send(_ request: HTTPRequest) async throws -> HTTPReply {
        try await withResponse(to: request) { response in
            var body: [UInt8] = []
            // Most bodies come in one chunk, which need not be copied.
            for try await chunk in response.body { if body.isEmpty { body = chunk } else { body += chunk } }
            return HTTPReply(head: response.head, body: body)
        }
    }
}

/// Answers requests: what the simulators and the status server are, whether a socket or a simulation asks.
package protocol HTTPHandler: Sendable {
    /// Answers one request, whose `url` holds path and query. A streaming body is pulled by whoever asked, who cancels
    /// the pulling task when the client has left. Throwing ``HTTPFailure`` drops the connection without an answer.
    func respond(to request: HTTPRequest) async throws -> HTTPResponse
}
