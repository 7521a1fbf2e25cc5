import Effects
import KubeAPI
import Synchronization

/// Reads the initial events of a watch to their end, or gives up in time.
struct InitialEventsReader<Object: KubeObject>: Sendable {
    typealias Events = WatchEvents<Object>.AsyncIterator

    /// A first state, its version, and the events that follow it.
    struct Result: Sendable {
        var state: InitialEvents<Object>
        var version: String
        var rest: Events
    }

    /// How many objects came, for whoever looks at the clock meanwhile.
    private final class Count: Sendable {
        private let count = Mutex(0)
        var value: Int {
            get { count.withLock { $0 } }
            set { count.withLock { $0 = newValue } }
        }
    }

    let time: any TimeSource
    let callbacks: Reflector<Object>.Callbacks
    private let count = Count()

    /// How often a stream that makes no headway is told of.
    private static var interval: Duration { .seconds(10) }

    init(time: any TimeSource, callbacks: Reflector<Object>.Callbacks) {
        self.time = time
        self.callbacks = callbacks
    }

    /// - Throws: ``APIError`` where the stream ends, or its end is late; `CancellationError`.
    func read(_ events: Events) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await collect(events) }
            group.addTask { try await giveUp() }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }

    private func collect(_ events: Events) async throws -> Result {
        var (state, events) = (InitialEvents<Object>(), events)
        while let event = try await events.next() {
            callbacks.heard()
            if case .undecodable(let object) = event { callbacks.undecodable(object) }
            if let version = try state.take(event) {
                guard !version.isEmpty else { throw problem("the initial events end without a resourceVersion") }
                return Result(state: state, version: version, rest: events)
            }
            count.value = state.objects.count
        }
        throw problem("the watch was closed before the end of its initial events")
    }

    /// Never returns.
    private func giveUp() async throws -> Result {
        let start = time.now
        var last = -1
        while true {
            try await time.sleep(for: Self.interval)
            let (elapsed, now) = (time.now - start, count.value)
            guard elapsed < InitialEvents<Object>.patience(for: now) else {
                throw problem("the initial events have no end after \(elapsed.components.seconds) s")
            }
            if now == last || now == 0 { callbacks.late(elapsed) }
            last = now
        }
    }

    private func problem(_ what: String) -> APIError {
        .unexpectedAnswer(what, attempt: "watch \(Object.resource.plural)")
    }
}
