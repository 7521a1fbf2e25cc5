/// A valid answer of `GET /v1/models` with `/health` 200: the only thing that proves presence or absence.
package struct Listing: Hashable, Sendable {
    /// What a server says of one adapter; equal ones of many servers may share their memory.
    package final class Entry: Hashable, Sendable {
        package let root: String
        package let parent: String

        package init(root: String, parent: String) {
            self.root = root
            self.parent = parent
        }

        package static func == (a: Entry, b: Entry) -> Bool {
            a === b || (a.root == b.root && a.parent == b.parent)
        }

        package func hash(into hasher: inout Hasher) {
            hasher.combine(root)
            hasher.combine(parent)
        }
    }

    /// What the card of a base model says.
    package struct Model: Hashable, Sendable {
        package var id: String
        package var root: String?
        package var maxModelLen: Int?

        package init(id: String, root: String? = nil, maxModelLen: Int? = nil) {
            self.id = id
            self.root = root
            self.maxModelLen = maxModelLen
        }
    }

    /// The cards without a parent, in the server's order.
    package var models: [Model]
    /// Their ids.
    package var baseModels: [String] { models.map(\.id) }
    /// Adapters by id.
    package var adapters: [String: Entry]
    /// Place of the request in the server's own order of events; see ``Attempt/stamp``.
    package var stamp: Int
    /// When it was asked for (`TimeSource.now`).
    package var requestedAt: Duration

    package init(
        models: [Model], adapters: [String: Entry], stamp: Int = 0, requestedAt: Duration = .zero
    ) {
        self.models = models
        self.adapters = adapters
        self.stamp = stamp
        self.requestedAt = requestedAt
    }

    package init(
        baseModels: [String], adapters: [String: Entry], stamp: Int = 0, requestedAt: Duration = .zero
    ) {
        self.init(models: baseModels.map { Model(id: $0) }, adapters: adapters, stamp: stamp, requestedAt: requestedAt)
    }
}

/// The last load or unload of one name on one server, while it still says something that no list has answered yet.
package struct Attempt: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        /// Sent, not answered yet.
        case inFlight
        /// Answered 2xx, or in a way that leaves the decision to the next list.
        case answered
        /// Refused, or failed for a reason that may pass.
        case failed(Failure)
        /// The server may or may not have done it.
        case unknown
    }

    package enum Operation: Hashable, Sendable { case load, unload }

    /// Why an attempt failed, and what the server said.
    package struct Failure: Hashable, Sendable {
        package var reason: Reason
        package var message: String

        package init(_ reason: Reason, _ message: String) {
            self.reason = reason
            self.message = message
        }
    }

    package var operation: Operation
    package var path: String
    /// How a load was asked for: one that is asked for differently is another load, and waits for no retry.
    package var is3D = false
    package var inPlace = false
    package var outcome: Outcome
    /// The failure before this attempt: it stays the one reported until this attempt's outcome differs.
    package var previous: Failure?
    /// Attempts in a row without success.
    package var count: Int
    /// When it was sent, and when its outcome was known (`TimeSource.now`).
    package var startedAt: Duration
    package var endedAt: Duration
    /// Its end in the server's own order of events: only a listing with a greater stamp was asked for afterwards.
    package var stamp: Int

    package init(
        _ operation: Operation, path: String, outcome: Outcome, previous: Failure? = nil, count: Int = 1,
        startedAt: Duration = .zero, endedAt: Duration = .zero, stamp: Int = 0
    ) {
        self.operation = operation
        self.path = path
        self.outcome = outcome
        self.previous = previous
        self.count = count
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.stamp = stamp
    }
}

/// How often an entry of one name went from a server without being asked to.
package struct Vanishing: Hashable, Sendable {
    package var count: Int
    /// When the last one was noticed (`TimeSource.now`).
    package var at: Duration

    package init(count: Int, at: Duration) {
        self.count = count
        self.at = at
    }

    /// So many are repaired at once; then another writer is assumed.
    package static let limit = 3
    /// After so long without one it is forgotten.
    package static let memory = Duration.seconds(3600)

    /// The one after this, noticed at `now`.
    package static func next(after last: Vanishing?, at now: Duration) -> Vanishing {
        guard let last, now - last.at < memory else { return Vanishing(count: 1, at: now) }
        return Vanishing(count: min(last.count + 1, 1000), at: now)
    }

    /// When to load once more; nil while it is done at once.
    var dueAt: Duration? { count > Self.limit ? at + RetryDelay.after(count: count) : nil }
}

/// What is known of one server, shared by every object on it.
package struct ServerObservation: Hashable, Sendable {
    package enum Answer: Hashable, Sendable {
        /// Not asked yet, or asked and neither answered nor failed.
        case pending
        /// Refuses connections and has never answered: it is starting, and holds nothing.
        case awaiting
        /// Unreachable, or an answer that says nothing about adapters; never taken for absence.
        case blind(Reason, String)
        case listed(Listing)
    }

    package var answer: Answer
    /// The last valid list of this incarnation, kept while the server is blind.
    package var lastListing: Listing?
    /// When the last valid answer came, in RFC 3339, once the server became blind.
    package var lastSeen: String?
    /// vLLM's version, once it was told.
    package var version: String?
    /// How many adapters the server keeps in memory, where it tells.
    package var adapterLimit: Int?
    /// Last attempts by adapter name.
    package var attempts: [String: Attempt]
    /// Entries that went from one list to the next although nobody asked for it through this process.
    package var vanishings: [String: Vanishing] = [:]
    /// How often foreign entries of a name were overwritten here.
    package var overwrites: [String: Int] = [:]
    /// `is3dLoraWeight` of the entries that this process loaded; a server does not tell it.
    package var layouts: [String: Bool] = [:]

    package init(
        answer: Answer = .pending, lastListing: Listing? = nil, lastSeen: String? = nil,
        attempts: [String: Attempt] = [:]
    ) {
        self.answer = answer
        self.lastListing = lastListing
        self.lastSeen = lastSeen
        self.attempts = attempts
    }
}
