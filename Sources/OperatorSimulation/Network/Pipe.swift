import Synchronization

/// Carries a body from the server's task to the client's; the writer waits while the reader is behind.
final class Pipe: Sendable {
    private struct State {
        var chunks: [[UInt8]] = []
        var isFinished = false
        var isClosed = false
        var failure: (any Error)?
        var reader: Waiter?
        var writer: Waiter?

        var isReadable: Bool { !chunks.isEmpty || isFinished || failure != nil }
        var isWritable: Bool { chunks.count < Pipe.capacity || isClosed }

        mutating func wait(for side: WritableKeyPath<Self, Waiter?>) -> Waiter {
            let waiter = Waiter()
            self[keyPath: side] = waiter
            return waiter
        }

        mutating func take(_ side: WritableKeyPath<Self, Waiter?>) -> Waiter? {
            defer { self[keyPath: side] = nil }
            return self[keyPath: side]
        }
    }

    /// Chunks on the way, as socket buffers hold some.
    private static let capacity = 4

    private let state = Mutex(State())

    /// Hands over one chunk.
    ///
    /// Throws `CancellationError` when the reader has left.
    func write(_ chunk: [UInt8]) async throws {
        while let waiter = state.withLock({ $0.isWritable ? nil : $0.wait(for: \.writer) }) { try await waiter.wait() }
        let reader = try state.withLock { state in
            guard !state.isClosed else { throw CancellationError() }
            state.chunks.append(chunk)
            return state.take(\.reader)
        }
        reader?.resume()
    }

    /// No more chunks will come.
    func finish() {
        wake { state in
            state.isFinished = true
            return state.take(\.reader)
        }
    }

    /// Ends everything at once: what is still on the way is lost, and the first failure counts.
    func fail(_ error: any Error) {
        wake { state in
            guard state.failure == nil else { return nil }
            state.failure = error
            state.chunks = []
            return state.take(\.reader)
        }
        close()
    }

    /// The reader has left.
    func close() {
        wake { state in
            state.isClosed = true
            return state.take(\.writer)
        }
    }

    /// The next chunk, nil at the end.
    func read() async throws -> [UInt8]? {
        while let waiter = state.withLock({ $0.isReadable ? nil : $0.wait(for: \.reader) }) { try await waiter.wait() }
        let (chunk, writer) = try state.withLock { state in
            if let failure = state.failure { throw failure }
            guard !state.chunks.isEmpty else { return ([UInt8]?.none, Waiter?.none) }
            return (state.chunks.removeFirst(), state.take(\.writer))
        }
        writer?.resume()
        return chunk
    }

    private func wake(_ change: (inout State) -> Waiter?) {
        state.withLock { change(&$0) }?.resume()
    }
}
