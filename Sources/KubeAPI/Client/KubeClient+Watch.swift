import Effects

/// What a watch tells.
package enum WatchEvent<Object: KubeObject>: Sendable {
    case added(Object)
    case modified(Object)
    /// The object's last state, its resourceVersion being that of the deletion.
    case deleted(Object)
    /// Everything up to this version has been told.
    case bookmark(resourceVersion: String)
    /// The bookmark that ends what ``WatchStart/everything(atLeast:)`` asks for: all of it has been told.
    case initialEventsEnd(resourceVersion: String)
    /// The server ends the watch: ``APIError/expired(_:)`` asks for a new list.
    case error(APIError)
    /// An added or modified object that cannot be read.
    case undecodable(UndecodableObject)
    /// A deleted object of which no more than the identity can be read.
    case deletedUndecodable(UndecodableObject)
}

extension KubeClient {
    /// The time without a byte after which a watch is dead: bookmarks come every minute.
    package static let watchIdleTimeout = Duration.seconds(75)

    /// Watches a collection from `start` on, and runs `body` with the events.
    ///
    /// The watch has a connection of its own, and ends when `body` does. The events end when the server closes the
    /// watch, which it does after a random time between 5 and 10 minutes, so that no two watches return together.
    /// Without a namespace it watches all of them, or a cluster-scoped kind.
    package func withWatch<Object: KubeObject, Value: Sendable>(
        _ type: Object.Type, in namespace: String? = nil, from start: WatchStart,
        labelSelector: String? = nil, fieldSelector: String? = nil,
        _ body: (WatchEvents<Object>) async throws -> Value
    ) async throws -> Value {
        let target = RequestTarget(resource: type.resource, namespace: namespace)
        var call = Call(attempt: "watch \(target.description)", target: target)
        call.query = [("watch", "true"), ("allowWatchBookmarks", "true")] + start.query
        call.query.append(("timeoutSeconds", String(300 + effects.random.next() % 301)))
        if let labelSelector { call.query.append(("labelSelector", labelSelector)) }
        if let fieldSelector { call.query.append(("fieldSelector", fieldSelector)) }
        var options = Self.options
        options.connection = .own("watch-\(target.description)")
        options.totalTimeout = nil
        options.idleTimeout = Self.watchIdleTimeout
        options.bodyLimit = .max
        call.options = options
        let attempt = call.attempt
        return try await exchange(call) { response, proof in
            try requireJSON(response.head, attempt: attempt)
            return try await body(
                WatchEvents(body: response.body, attempt: attempt) { isCurrent(proof) })
        }
    }
}

/// The events of one watch, read once, by one task.
package struct WatchEvents<Object: KubeObject>: AsyncSequence, Sendable {
    package typealias Element = WatchEvent<Object>

    let body: HTTPBody
    let attempt: String
    /// Asked between chunks; at false the watch ends as if the server had closed it.
    let mayGoOn: @Sendable () -> Bool

    package struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        fileprivate var chunks: HTTPBody.AsyncIterator
        fileprivate let attempt: String
        private let mayGoOn: @Sendable () -> Bool
        private var framer = JSONFramer()
        private var chunk: [UInt8] = []
        private var index = 0

        fileprivate init(_ events: WatchEvents) {
            chunks = events.body.makeAsyncIterator()
            attempt = events.attempt
            mayGoOn = events.mayGoOn
        }

        /// The next event; nil when the server has closed the watch.
        ///
        /// - Throws: ``APIError/transport(_:attempt:)`` when the stream breaks,
        ///   ``APIError/unexpectedAnswer(_:attempt:)`` when it is no watch of this kind. A part of an event is never
        ///   an event.
        package mutating func next() async throws -> WatchEvent<Object>? {
            do {
                while true {
                    if let frame = try framer.next(in: chunk, from: &index) { return try decode(frame) }
                    guard mayGoOn() else { return nil }
                    guard let more = try await chunks.next() else {
                        chunk = []
                        index = 0
                        return try framer.finish().map(decode)
                    }
                    chunk = more
                    index = 0
                }
            } catch FramingError.truncated {
                throw APIError.transport(
                    HTTPFailure(.reset, FramingError.truncated.description), attempt: attempt)
            } catch let error as FramingError {
                throw APIError.unexpectedAnswer(error.description, attempt: attempt)
            } catch let failure as HTTPFailure {
                throw APIError.transport(failure, attempt: attempt)
            }
        }

        private func decode(_ frame: [UInt8]) throws -> WatchEvent<Object> {
            do {
                return try WatchFrame<Object>.event(in: frame, attempt: attempt)
            } catch let error as WrongKind {
                throw APIError.unexpectedAnswer(error.description, attempt: attempt)
            } catch let error as DecodingError {
                throw APIError.unexpectedAnswer(error.summary, attempt: attempt)
            }
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(self)
    }
}
