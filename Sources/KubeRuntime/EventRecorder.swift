import DynamicJSON
import Effects
package import KubeAPI
package import Logging
import Synchronization

/// Tells people what happened to their objects, without anybody waiting for it.
///
/// Repetitions become a series of one object. What cannot be written in a dozen tries, or does not fit the buffer, is
/// dropped and counted.
package final class EventRecorder: Sendable {
    static let bufferLimit = 1024
    static let tries = 12

    fileprivate struct State {
        var series = EventSeries()
        var buffer = FIFO<EventSeries.Write>()
        var buffered = 0
        var dropped = 0
        var sender = Waiters()
        var isClosed = false
    }

    private let client: KubeClient
    private let controller: String
    private let instance: String
    private let logger: Logger
    private let state = Mutex(State())

    /// A recorder that signs as `controller`, a qualified name like `example.dev/operator`, and as `instance`, the
    /// pod's name.
    package init(client: KubeClient, controller: String, instance: String, logger: Logger) {
        self.client = client
        self.controller = controller
        self.instance = instance
        self.logger = logger
    }

    /// How many events and updates were given up.
    package var dropped: Int { state.withLock { $0.dropped } }

    /// Notes an event, to be written by ``run()``; never waits.
    package func record(_ event: Event) {
        let (time, random) = (client.effects.time, client.effects.random)
        // Cluster-scoped objects have their events in `default`.
        let namespace = event.regarding.namespace.isEmpty ? "default" : event.regarding.namespace
        let suffix = String(random.next(), radix: 16)
        let key = NamespacedName(namespace: namespace, name: "\(event.regarding.name.prefix(200)).\(suffix)")
        let waiting = state.withLock { state in
            let write = state.series.record(event, key: key, at: time.now, unixTime: time.unixTime)
            return write.map { state.enqueue([$0]) } ?? []
        }
        for waiter in waiting { waiter.resume() }
    }

    /// Ends ``run()`` as soon as what is buffered was tried once more.
    package func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            return state.sender.takeAll()
        }
        for waiter in waiting { waiter.resume() }
    }

    /// Writes events until ``close()``, or until the task is cancelled.
    /// - Throws: `CancellationError`.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.sweepForever() }
            group.addTask { while let write = try await self.next() { try await self.send(write) } }
            defer { group.cancelAll() }
            // The second alone returns.
            try await group.next()
        }
    }

    private func sweepForever() async throws {
        let time = client.effects.time
        while true {
            try await time.sleep(for: .seconds(60))
            let waiting = state.withLock { state in state.enqueue(state.series.sweep(at: time.now)) }
            for waiter in waiting { waiter.resume() }
        }
    }

    private func next() async throws -> EventSeries.Write? {
        while true {
            try Task.checkCancellation()
            let (write, isClosed) = state.withLock { ($0.pop(), $0.isClosed) }
            if let write { return write }
            if isClosed { return nil }
            try await state.wait(in: \.sender) { $0.buffered == 0 && !$0.isClosed }
        }
    }

    private func send(_ write: EventSeries.Write) async throws {
        var backoff = HealthBackoff(Backoff(base: .seconds(1), limit: .seconds(30)), recovery: .seconds(120))
        var write = write
        for attempt in 1... {
            do {
                return try await publish(write)
            } catch APIError.alreadyExists {
                // An earlier try had arrived.
                return
            } catch APIError.notFound where write.isUpdate {
                // It outlived its time to live: the series goes on in a new object.
                write = write.anew
            } catch let error as APIError {
                let isLast = attempt >= Self.tries || !error.isTransient || state.withLock { $0.isClosed }
                guard !isLast else { return drop(because: error) }
                let (time, random) = (client.effects.time, client.effects.random)
                let pause = backoff.failed(at: time.now) * (0.5 + 0.5 * random.fraction())
                try await time.sleep(for: max(pause, error.retryAfter ?? .zero))
            }
        }
    }

    private func publish(_ write: EventSeries.Write) async throws {
        switch write {
        case .create(let event, let key, let unixTime):
            let object = EventObject(
                event, key: key, time: Timestamp.micro(unixTime), controller: controller, instance: instance)
            _ = try await client.create(object, as: PublishedEvent.self, in: key.namespace)
        case .update(_, let key, let count, let lastObserved):
            let patch: JSONValue = [
                "series": [
                    "count": .int(Int64(count)), "lastObservedTime": .string(Timestamp.micro(lastObserved)),
                ]
            ]
            _ = try await client.patch(PublishedEvent.self, key, merging: patch)
        }
    }

    private func drop(because error: APIError) {
        state.withLock { $0.dropped += 1 }
        logger.info("event dropped", metadata: ["error": "\(error)"])
    }
}

extension EventRecorder.State {
    /// - Returns: who waits for it.
    fileprivate mutating func enqueue(_ writes: [EventSeries.Write]) -> [Waiters.Resolution] {
        for write in writes {
            guard buffered < EventRecorder.bufferLimit else {
                dropped += 1
                continue
            }
            buffer.append(write)
            buffered += 1
        }
        return writes.isEmpty ? [] : sender.takeAll()
    }

    fileprivate mutating func pop() -> EventSeries.Write? {
        guard let write = buffer.popFirst() else { return nil }
        buffered -= 1
        return write
    }
}

extension EventSeries.Write {
    fileprivate var isUpdate: Bool {
        if case .update = self { true } else { false }
    }

    fileprivate var anew: Self {
        switch self {
        case .create: self
        case .update(let event, let key, _, let lastObserved): .create(event, key, at: lastObserved)
        }
    }
}
