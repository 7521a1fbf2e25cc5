import Synchronization

/// Whether a server accepts connections, told to whoever gives it a socket.
final class ListenerFlag: Sendable {
    struct Value: Equatable {
        var isListening: Bool
        /// Counts the times that all connections ended.
        var closures: Int
    }

    private struct State {
        var value = Value(isListening: true, closures: 0)
        var followers: [Int: AsyncStream<Value>.Continuation] = [:]
        var followed = 0
    }

    private let state = Mutex(State())

    /// Ends all connections; new ones are accepted where `isListening`.
    func close(thenListening isListening: Bool) {
        change { $0 = Value(isListening: isListening, closures: $0.closures + 1) }
    }

    func open() { change { $0.isListening = true } }

    /// The current value, then the newest after each change.
    func values() -> AsyncStream<Value> {
        let (stream, continuation) = AsyncStream.makeStream(of: Value.self, bufferingPolicy: .bufferingNewest(1))
        let (number, value) = state.withLock { state in
            state.followed += 1
            state.followers[state.followed] = continuation
            return (state.followed, state.value)
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.followers.removeValue(forKey: number) }
        }
        continuation.yield(value)
        return stream
    }

    private func change(_ change: (inout Value) -> Void) {
        let (value, followers) = state.withLock { state in
            change(&state.value)
            return (state.value, state.followers.sorted { $0.key < $1.key }.map(\.value))
        }
        for follower in followers { follower.yield(value) }
    }
}
