import DynamicJSON
package import Effects
package import KubeAPI
package import Logging
import Synchronization

/// Thrown when somebody else leads, or may lead soon.
package struct LeadershipLost: Error, CustomStringConvertible {
    package var description: String
}

/// Lets one process of several act, by a Lease.
///
/// **Guarantees.** ``gate`` is open only while a renewal that the server confirmed was sent less than `renewDeadline`
/// ago, by a clock that runs on through suspend. Others wait for `leaseDuration` after they saw that renewal: when they
/// begin, the gate has been closed for the difference, whatever this process is doing. A release never touches the
/// Lease of a successor.
///
/// **Caveat.** A request that left before the gate closed may arrive afterwards: effects have to be conditional or
/// repeatable.
package final class LeaderElector: Sendable {
    private struct State {
        /// Until when this process may act; nil when it does not lead.
        var end: Duration?
        var view = LeaseView()
    }

    private let configuration: LeaseConfiguration
    private let client: KubeClient
    private let logger: Logger
    private let onLoss: @Sendable (LeadershipLost) -> Void
    private let state = Mutex(State())

    /// An elector whose `client` must not be behind ``gate``.
    ///
    /// `onLoss` runs before anything is cancelled: the place to leave the process.
    package init(
        configuration: LeaseConfiguration, client: KubeClient, logger: Logger,
        onLoss: @escaping @Sendable (LeadershipLost) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.client = client.dedicated(to: "lease", timeout: configuration.requestTimeout)
        self.logger = logger
        self.onLoss = onLoss
    }

    private var time: any TimeSource { client.effects.time }

    /// True while this process may act.
    package var isLeading: Bool { state.withLock { $0.end.map { time.now < $0 } ?? false } }

    /// Open while ``isLeading``.
    package var gate: EffectGate { EffectGate { self.isLeading } }

    /// False if this process believes that it leads, but has not renewed for longer than anybody waits: it hangs.
    package var isHealthy: Bool {
        let slack = configuration.leaseDuration - configuration.renewDeadline + configuration.requestTimeout
        return state.withLock { $0.end.map { time.now < $0 + slack } ?? true }
    }

    /// Waits until this process leads, runs `lead`, renews meanwhile, and gives the Lease back when `lead` returns.
    ///
    /// A cancelled task gives nothing back: the Lease runs out.
    /// - Throws: ``LeadershipLost`` after `lead` was cancelled, `CancellationError`, and what `lead` throws.
    package func run(_ lead: @escaping @Sendable () async throws -> Void) async throws {
        try await acquire()
        logger.notice("leading", metadata: metadata)
        defer { close() }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.renewForever() }
                group.addTask { try await self.watchClock() }
                group.addTask { try await lead() }
                defer { group.cancelAll() }
                // Of the three, `lead` alone returns.
                try await group.next()
            }
        } catch let loss as LeadershipLost {
            close()
            throw loss
        }
        close()
        await release()
    }

    private func close() { state.withLock { $0.end = nil } }

    private var metadata: Logger.Metadata {
        ["lease.namespace": "\(configuration.lease.namespace)", "lease.name": "\(configuration.lease.name)"]
    }

    private func acquire() async throws {
        var lastHolder: String?
        while true {
            try Task.checkCancellation()
            do {
                switch try await attempt(readFirst: true) {
                case .wait(let holder):
                    if holder != lastHolder {
                        logger.info("another process leads", metadata: ["lease.holder": "\(holder)"])
                    }
                    lastHolder = holder
                    if try await standBy() { continue }
                case .create, .take, .renew: return
                }
            } catch let error as APIError {
                log(error)
            }
            try await time.sleep(for: client.effects.random.jitter(configuration.retryPeriod, spread: 1.2))
        }
    }

    /// Follows the Lease by a watch until it may be had: given back, deleted, or run out as far as was seen.
    /// - Returns: false where there is nothing to follow it by.
    private func standBy() async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                while let rest = self.timeLeft { try await self.time.sleep(for: rest) }
                return true
            }
            group.addTask { try await self.follow() }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }

    /// Until others may take the Lease; nil once they may.
    private var timeLeft: Duration? {
        let now = time.now
        return state.withLock {
            $0.view.timeLeft(for: configuration.identity, at: now, fallback: configuration.leaseDuration)
        }
    }

    private func follow() async throws -> Bool {
        guard let version = state.withLock({ $0.view.lease?.metadata.resourceVersion }) else { return false }
        let lease = configuration.lease
        return try await client.withWatch(
            Lease.self, in: lease.namespace, from: .after(version), fieldSelector: "metadata.name=\(lease.name)"
        ) { events in
            for try await event in events {
                switch event {
                case .added(let lease), .modified(let lease): state.withLock { $0.view.saw(lease, at: time.now) }
                case .deleted: state.withLock { $0.view.saw(nil, at: time.now) }
                case .bookmark, .initialEventsEnd: continue
                case .error, .undecodable, .deletedUndecodable: return false
                }
                if timeLeft == nil { return true }
            }
            return false
        }
    }

    /// Renews every retry period, counted from one start to the next: two answers that take almost as long as they may
    /// still fit into the renew deadline.
    private func renewForever() async throws {
        var readFirst = false
        var start = time.now
        while true {
            if !readFirst { try await pause(since: start) }
            start = time.now
            do {
                if case .wait(let holder) = try await attempt(readFirst: readFirst) {
                    throw lost("\(holder) holds the lease")
                }
                readFirst = false
            } catch let error as APIError {
                log(error)
                // Only the server knows who holds it now: a conflict is looked into at once, all else after a pause.
                if readFirst || !error.isConflict { try await pause(since: start) }
                readFirst = true
            }
        }
    }

    private func pause(since start: Duration) async throws {
        try await time.sleep(for: max(.zero, start + configuration.retryPeriod - time.now))
    }

    /// Ends leadership in time even if a request hangs.
    private func watchClock() async throws {
        while let end = state.withLock({ $0.end }) {
            let now = time.now
            guard now < end else { throw lost("the lease was not renewed within \(configuration.renewDeadline)") }
            try await time.sleep(for: end - now)
        }
        throw lost("the lease was given up")
    }

    private func lost(_ why: String) -> LeadershipLost {
        let wasLeading = state.withLock { state in
            defer { state.end = nil }
            return state.end != nil
        }
        let loss = LeadershipLost(description: why)
        if wasLeading { onLoss(loss) }
        return loss
    }

    private func log(_ error: APIError) {
        // Late, not wrong: somebody else was faster.
        let level: Logger.Level = error.isConflict ? .debug : .warning
        logger.log(level: level, "lease request failed", metadata: metadata.merging(["error": "\(error)"]) { $1 })
    }

    /// Tries once to hold the Lease, and returns what it decided and did.
    private func attempt(readFirst: Bool) async throws -> LeaseDecision {
        if readFirst {
            let lease = try await read()
            state.withLock { $0.view.saw(lease, at: time.now) }
        }
        let start = time.now
        let decision = state.withLock {
            $0.view.decision(for: configuration.identity, at: start, fallback: configuration.leaseDuration)
        }
        let written: Lease
        switch decision {
        case .wait: return decision
        case .create: written = try await create()
        case .take(let lease), .renew(let lease): written = try await update(lease)
        }
        state.withLock { state in
            state.view.saw(written, at: time.now)
            state.end = start + configuration.renewDeadline
        }
        return decision
    }

    private func read() async throws -> Lease? {
        do {
            return try await client.get(Lease.self, configuration.lease)
        } catch APIError.notFound {
            return nil
        }
    }

    private func create() async throws -> Lease {
        let spec = LeaseSpec().taken(by: configuration.identity, for: configuration.leaseDuration, at: timestamp)
        return try await client.create(
            NewLease(metadata: .init(configuration.lease), spec: spec), in: configuration.lease.namespace)
    }

    private func update(_ lease: Lease) async throws -> Lease {
        let spec = lease.spec.taken(by: configuration.identity, for: configuration.leaseDuration, at: timestamp)
        let patch = LeasePatch(metadata: .init(resourceVersion: lease.metadata.resourceVersion), spec: spec)
        return try await client.patch(Lease.self, configuration.lease, merging: patch)
    }

    /// Gives the Lease back if a fresh read still shows it as ours; that very version, or nothing.
    private func release() async {
        do {
            guard let lease = try await read(), lease.spec.holderIdentity == configuration.identity else { return }
            let patch: JSONValue = [
                "metadata": ["resourceVersion": .string(lease.metadata.resourceVersion)],
                "spec": ["holderIdentity": .null, "leaseDurationSeconds": 1, "renewTime": .string(timestamp)],
            ]
            _ = try await client.patch(Lease.self, configuration.lease, merging: patch)
            logger.notice("gave the lease back", metadata: metadata)
        } catch {
            logger.info("the lease runs out by itself", metadata: metadata.merging(["error": "\(error)"]) { $1 })
        }
    }

    private var timestamp: String { Timestamp.micro(time.unixTime) }
}

private struct NewLease: Encodable {
    struct Metadata: Encodable {
        var name: String
        var namespace: String

        init(_ key: NamespacedName) {
            name = key.name
            namespace = key.namespace
        }
    }

    var apiVersion = Lease.resource.apiVersion
    var kind = Lease.resource.kind
    var metadata: Metadata
    var spec: LeaseSpec
}

private struct LeasePatch: Encodable {
    struct Metadata: Encodable { var resourceVersion: String }

    var metadata: Metadata
    var spec: LeaseSpec
}
