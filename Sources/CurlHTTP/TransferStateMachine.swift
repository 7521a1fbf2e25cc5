import Effects

/// One response on its way from libcurl to the task that reads it: events in, actions out, no I/O.
///
/// The waiters are what the reading task left to be resumed with: continuations, or numbers in a test.
struct TransferStateMachine<HeadWaiter, ChunkWaiter> {
    private enum State {
        case waitingForHead(HeadWaiter?)
        case streaming(Stream)
        /// Everything was handed out; whoever asks again gets the same end.
        case ended(Result<Void, any Error>)
    }

    private struct Stream {
        var buffer: [UInt8] = []
        var waiter: ChunkWaiter?
        var isPaused = false
        /// Set when libcurl is done; what is buffered is still handed out first.
        var end: Result<Void, any Error>?
    }

    /// Buffered bytes from which on libcurl is paused, so that a slow reader slows the server and not this process.
    private let highWaterMark: Int
    private var state: State = .waitingForHead(nil)
    private var head: HTTPResponseHead?

    init(highWaterMark: Int) { self.highWaterMark = highWaterMark }

    /// True when libcurl has nothing more to do for this transfer.
    var isOver: Bool {
        switch state {
        case .waitingForHead: false
        case .streaming(let stream): stream.end != nil
        case .ended: true
        }
    }

    // MARK: The reader

    enum ReadAction<Value> { case suspend, resume(Result<Value, any Error>) }

    mutating func awaitHead(_ waiter: HeadWaiter) -> ReadAction<HTTPResponseHead> {
        switch (state, head) {
        case (.waitingForHead, _):
            state = .waitingForHead(waiter)
            return .suspend
        case (.streaming, let head?), (.ended(.success), let head?): return .resume(.success(head))
        case (.ended(.failure(let error)), _): return .resume(.failure(error))
        case (_, nil): return .resume(.failure(CancellationError()))
        }
    }

    struct NextAction {
        /// Nil: the waiter is kept and resumed later.
        var result: Result<[UInt8]?, any Error>?
        /// True: libcurl was paused and has room again.
        var unpauses = false
    }

    /// Hands out all that is buffered, so the low-water mark is an empty buffer.
    mutating func next(_ waiter: ChunkWaiter) -> NextAction {
        switch state {
        case .waitingForHead: return NextAction(result: .failure(Self.misuse))
        case .ended(let end): return NextAction(result: end.map { nil })
        case .streaming(var stream):
            if !stream.buffer.isEmpty {
                let chunk = stream.buffer
                let unpauses = stream.isPaused
                stream.buffer = []
                stream.isPaused = false
                state = .streaming(stream)
                return NextAction(result: .success(chunk), unpauses: unpauses)
            }
            if let end = stream.end {
                state = .ended(end)
                return NextAction(result: end.map { nil })
            }
            guard stream.waiter == nil else { return NextAction(result: .failure(Self.misuse)) }
            stream.waiter = waiter
            state = .streaming(stream)
            return NextAction()
        }
    }

    enum CancelAction {
        /// Libcurl was done anyway.
        case none
        case removeTransfer
        case failHead(HeadWaiter)
        case failChunk(ChunkWaiter)
    }

    /// The reader left or was cancelled; every action but `none` includes removing the transfer.
    mutating func cancelled() -> CancelAction {
        let before = state
        state = .ended(.failure(CancellationError()))
        switch before {
        case .waitingForHead(let waiter): return waiter.map { .failHead($0) } ?? .removeTransfer
        case .streaming(let stream):
            if let waiter = stream.waiter { return .failChunk(waiter) }
            return stream.end == nil ? .removeTransfer : .none
        case .ended(let end):
            state = .ended(end)
            return .none
        }
    }

    // MARK: Libcurl

    /// Returns the waiter to resume with `head`.
    mutating func receivedHead(_ head: HTTPResponseHead) -> HeadWaiter? {
        guard case .waitingForHead(let waiter) = state else { return nil }
        self.head = head
        state = .streaming(Stream())
        return waiter
    }

    enum BodyAction {
        case accepted
        case deliver(ChunkWaiter)
        /// The bytes were not taken: libcurl keeps them until it is resumed.
        case pause
        /// Nobody wants them.
        case abort
    }

    mutating func receivedBody(_ bytes: [UInt8]) -> BodyAction {
        guard case .streaming(var stream) = state, stream.end == nil else { return .abort }
        defer { state = .streaming(stream) }
        if let waiter = stream.waiter {
            stream.waiter = nil
            return .deliver(waiter)
        }
        guard stream.buffer.count < highWaterMark else {
            stream.isPaused = true
            return .pause
        }
        // Keeps `+=` from copying: `state` must not hold a second reference to the buffer.
        state = .waitingForHead(nil)
        stream.buffer += bytes
        return .accepted
    }

    enum FinishAction {
        case none
        case failHead(HeadWaiter, any Error)
        case endBody(ChunkWaiter, Result<Void, any Error>)
    }

    mutating func finished(_ result: Result<Void, HTTPFailure>) -> FinishAction {
        let result = result.mapError { $0 as any Error }
        switch state {
        case .waitingForHead(let waiter):
            let error = result.failure ?? HTTPFailure(.invalidResponse, "the exchange ended without a response")
            state = .ended(.failure(error))
            return waiter.map { .failHead($0, error) } ?? .none
        case .streaming(var stream):
            guard stream.end == nil else { return .none }
            if let waiter = stream.waiter {
                state = .ended(result)
                return .endBody(waiter, result)
            }
            stream.end = result
            state = .streaming(stream)
            return .none
        case .ended: return .none
        }
    }

    private static var misuse: HTTPFailure {
        HTTPFailure(.invalidRequest, "a response body is read by one task, after the head")
    }
}

extension Result where Success == Void {
    fileprivate var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
