import AdapterPlanning
import Effects
import Logging
import Synchronization
import VLLMAPI

extension ServerAgent {
    /// While actions follow one another, so often a list confirms those that ended: the longer the list, the more rarely.
    private static func confirmInterval(entries: Int) -> Duration { .seconds(1) + .milliseconds(4 * entries) }

    /// Does what objects ask for, one thing after the other.
    func actionLoop() async {
        while !Task.isCancelled {
            guard state.withLock({ !$0.pending.isEmpty }) else {
                await actionBell.wait()
                continue
            }
            await context.slots.hold(connection.place, context.effects.time, answers: answers) { await performNext() }
            let isConfirmDue = state.withLock { state in
                state.pending.isEmpty
                    || context.effects.time.now - state.confirmedAt >= Self.confirmInterval(entries: state.entries)
            }
            if isConfirmDue { probeBell.ring() }
        }
    }

    /// Waits for a list of now if the next action needs one.
    ///
    /// It has its slot then: who gave it up meanwhile would come back to a list that is old again.
    private func refreshList() async {
        func awaitsOne() -> Bool {
            state.withLock { state in
                state.isRefreshing = awaitsList(state)
                return state.isRefreshing
            }
        }
        while awaitsOne(), !Task.isCancelled {
            probeBell.ring()
            await actionBell.wait()
        }
    }

    /// Whether the next action takes something away, and the last list is no longer fresh: vLLM is told the name alone, and
    /// what stands under it now may be somebody else's.
    private func awaitsList(_ state: borrowing State) -> Bool {
        guard state.pending.oldest?.takenRoot != nil, case .listed = state.record.observation.answer else {
            return false
        }
        let age = context.effects.time.now - state.confirmedAt
        return age > Self.confirmInterval(entries: state.entries) + .seconds(1)
    }

    /// Whether the server says anything within `limit`, be it well or not.
    private func answers(within limit: Duration) async -> Bool {
        guard let endpoint = state.withLock({ $0.endpoint }), context.mayContact(connection) else { return false }
        let timeouts = VLLMTimeouts(connect: limit, read: limit)
        do {
            try await client(at: endpoint, timeouts: timeouts).health()
        } catch let error as VLLMError {
            return ![.connectTimeout, .requestTimeout, .connectionRefused].contains(error.reason)
        } catch {}
        return true
    }

    private func performNext() async {
        await refreshList()
        let time = context.effects.time
        let mayContact = context.mayContact(connection)
        let (next, endpoint) = state.withLock { state in
            let next = state.pending.take()
            guard let next, mayContact, let endpoint = state.endpoint, state.record.allows(next) else {
                return (next, VLLMEndpoint?.none)
            }
            state.record.started(next, now: time.now)
            return (next, endpoint)
        }
        guard let action = next else { return }
        guard let endpoint else {
            report(.names([action.name]))
            return
        }
        let client = client(at: endpoint)
        let startedAt = time.now
        let outcome = await client.outcome(of: action)
        if action.isLoad, case .answered = outcome { context.loaded(time.now - startedAt) }
        if case .failed(let failure) = outcome {
            context.logger.notice(
                "a server refused an action",
                metadata: [
                    "server.address": "\(connection.place)",
                    "adapter.name": "\(action.name)",
                    "reason": "\(failure.reason.rawValue)", "message": "\(failure.message)",
                ])
        }
        report(state.withLock { $0.record.ended(action, outcome, now: time.now) })
        if action.isLoad, outcome == .unknown, let load = observation.attempts[action.name] {
            context.leftOpen(self, action.name, load)
        }
    }
}
