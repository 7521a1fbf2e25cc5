import CCurl
import Effects
import Synchronization

/// Drives every transfer through one libcurl multi handle, on a thread of its own.
final class CurlEventLoop: Sendable {
    private enum Command { case start(Transfer), resume(Transfer), remove(Transfer) }

    private struct Mailbox {
        var commands: [Command] = []
        var isStopping = false
        /// Set when the thread is past its last look: nothing may wake the multi handle any more.
        var isClosed = false
    }

    private struct Running {
        var transfers: [ObjectIdentifier: RunningTransfer] = [:]
        /// One connection cache per ``HTTPConnection/own(_:)`` label; labels are few and live as long as the process.
        var caches: [String: CurlConnectionCache] = [:]
    }

    private let mailbox = Mutex(Mailbox())
    private let multi = CurlMultiHandle(idleConnections: 256)

    // MARK: From any thread

    func start(_ transfer: Transfer) {
        if !send(.start(transfer)) {
            transfer.finished(HTTPFailure(.gateClosed, "not sent: the HTTP client was shut down"))
        }
    }

    func resume(_ transfer: Transfer) { _ = send(.resume(transfer)) }

    func remove(_ transfer: Transfer) { _ = send(.remove(transfer)) }

    func stop() {
        mailbox.withLock { mailbox in
            mailbox.isStopping = true
            if !mailbox.isClosed { multi.wake() }
        }
    }

    private func send(_ command: Command) -> Bool {
        mailbox.withLock { mailbox in
            if mailbox.isStopping { return false }
            mailbox.commands.append(command)
            // One wake-up is enough for all commands of one look into the mailbox.
            if mailbox.commands.count == 1 { multi.wake() }
            return true
        }
    }

    // MARK: On the loop's thread

    /// Works until ``stop()``, then ends what is running and closes every connection.
    func run() {
        var running = Running()
        while true {
            let (commands, isStopping) = mailbox.withLock { mailbox in
                defer { mailbox.commands = [] }
                return (mailbox.commands, mailbox.isStopping)
            }
            for command in commands { perform(command, &running) }
            if isStopping { break }
            for ended in multi.perform() { end(ended.transfer, code: ended.code, &running) }
            multi.wait(milliseconds: endExpired(&running).milliseconds())
        }
        let rest = running.transfers.keys
        for id in rest { end(id, HTTPFailure(.reset, "the HTTP client was shut down"), &running) }
        running.caches = [:]
        mailbox.withLock { mailbox in
            mailbox.isClosed = true
            multi.close()
        }
    }

    private func perform(_ command: Command, _ running: inout Running) {
        switch command {
        case .start(let transfer):
            // One that was cancelled before it started sent its removal first.
            guard !transfer.isOver else { return }
            start(transfer, &running)
        case .resume(let transfer):
            let id = ObjectIdentifier(transfer)
            do throws(CurlError) { try running.transfers[id]?.resume() } catch { end(id, code: error.code, &running) }
        case .remove(let transfer): end(ObjectIdentifier(transfer), nil, &running)
        }
    }

    private func start(_ transfer: Transfer, _ running: inout Running) {
        let id = ObjectIdentifier(transfer)
        do throws(CurlError) {
            let starting = try RunningTransfer(transfer, cache: cache(for: transfer.request, &running))
            try multi.add(starting.handle, for: id)
            running.transfers[id] = starting
        } catch {
            transfer.finished(CurlOutcome(code: error.code).failure(of: transfer.request))
        }
    }

    /// Libcurl looks for a connection in the handle's share before the multi handle's own cache, so a label's requests
    /// meet only connections of that label, and nobody else's requests meet them.
    private func cache(for request: PreparedRequest, _ running: inout Running) -> CurlConnectionCache? {
        guard case .own(let label) = request.options.connection else { return nil }
        if let cache = running.caches[label] { return cache }
        let cache = CurlConnectionCache()
        running.caches[label] = cache
        return cache
    }

    /// Ends what is past a deadline and returns how long to wait for the next one at most.
    private func endExpired(_ running: inout Running) -> Duration {
        let now = ContinuousClock.now
        var wait = Duration.seconds(60)
        var expired: [(ObjectIdentifier, HTTPFailure)] = []
        for (id, transfer) in running.transfers {
            let (failure, remaining) = transfer.expiry(at: now)
            if let failure { expired.append((id, failure)) }
            if let remaining { wait = min(wait, remaining) }
        }
        for (id, failure) in expired { end(id, failure, &running) }
        return wait
    }

    private func end(_ id: ObjectIdentifier, code: CURLcode, _ running: inout Running) {
        guard let transfer = running.transfers[id] else { return }
        end(id, transfer.failure(for: code), &running)
    }

    /// The handle is removed and freed before the reader hears of the end.
    private func end(_ id: ObjectIdentifier, _ failure: HTTPFailure?, _ running: inout Running) {
        guard let ended = running.transfers.removeValue(forKey: id) else { return }
        multi.remove(ended.handle)
        ended.transfer.finished(failure)
    }
}
