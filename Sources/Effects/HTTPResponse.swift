/// Status and headers of a response.
package struct HTTPResponseHead: Sendable {
    package var status: Int
    package var headers: [HTTPHeader]

    package init(status: Int, headers: [HTTPHeader] = []) {
        self.status = status
        self.headers = headers
    }

    /// The value of the first header of that name, whatever its case.
    package subscript(name: String) -> String? { headers.first(named: name) }
}

extension [HTTPHeader] {
    /// The value of the first header of that name, whatever its case.
    package func first(named name: String) -> String? {
        let wanted = name.lowercased()
        return first { $0.name.lowercased() == wanted }?.value
    }
}

/// A response: its head, and a body that arrives piece by piece.
package struct HTTPResponse: Sendable {
    package var head: HTTPResponseHead
    package var body: HTTPBody

    package init(head: HTTPResponseHead, body: HTTPBody) {
        self.head = head
        self.body = body
    }

    package init(status: Int, headers: [HTTPHeader] = [], body: [UInt8] = []) {
        self.init(head: HTTPResponseHead(status: status, headers: headers), body: HTTPBody(body))
    }
}

/// A response with its whole body in memory.
package struct HTTPReply: Sendable {
    package var head: HTTPResponseHead
    package var body: [UInt8]

    package init(head: HTTPResponseHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }
}

/// A response body: read once, by one task, chunk by chunk; the sender waits while nobody reads.
package struct HTTPBody: AsyncSequence, Sendable {
    package typealias Next = @Sendable () async throws -> [UInt8]?

    /// The whole body where it is known, so that a server can say its length.
    package let bytes: [UInt8]?
    private let pull: Next

    /// A stream: `next` returns the next chunk, or nil at the end, and ends early when its task is cancelled.
    package init(next: @escaping Next) {
        bytes = nil
        pull = next
    }

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let rest = Once(bytes)
        pull = { rest.take() }
    }

    package struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        fileprivate let pull: Next

        package mutating func next() async throws -> [UInt8]? { try await pull() }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pull: pull) }
}
