import Effects
import Synchronization

/// Lets one load or unload run on each server and so many in all, first come, first served.
///
/// A server is what listens at an address and port (``Connection/place``): what was sent to a pod that is gone reaches
/// whoever has its address now.
///
/// What takes longer than usual may wait for a server that is gone, and its end is minutes away: the server is asked
/// whether it is there, and if it does not answer, its slot goes to the others.
final class LoadSlots: Sendable {
    private struct Waiter {
        var id: Int
        var server: String
        var continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var free: Int
        var busy: Set<String> = []
        /// Busy, and not counted any more.
        var forsaken: Set<String> = []
        var waiters: [Waiter] = []
        var nextID = 0
        var cancelled: Set<Int> = []
        /// How long what ended lately took, on the average.
        var usual: Duration?

        /// The waiters that may run now.
        mutating func admit() -> [CheckedContinuation<Bool, Never>] {
            var admitted: [CheckedContinuation<Bool, Never>] = []
            var index = 0
            while free > 0, index < waiters.count {
                if busy.insert(waiters[index].server).inserted {
                    free -= 1
                    admitted.append(waiters.remove(at: index).continuation)
                } else {
                    index += 1
                }
            }
            return admitted
        }
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: max(1, count))) }

    /// Runs `body` while it holds a slot of `server`; returns without running it when the task is cancelled before.
    func hold(_ server: String, _ body: () async -> Void) async {
        guard await acquire(server) else { return }
        await body()
        let admitted = state.withLock { state in
            if state.forsaken.remove(server) == nil { state.free += 1 }
            state.busy.remove(server)
            return state.admit()
        }
        for continuation in admitted { continuation.resume(returning: true) }
    }

    /// The same; a `server` that does not answer while `body` takes longer than usual loses the slot.
    ///
    /// `answers` asks it whether it is there, and gives up after the time that it is told.
    func hold(
        _ server: String, _ time: any TimeSource, answers: @escaping @Sendable (Duration) async -> Bool,
        _ body: () async -> Void
    ) async {
        await hold(server) {
            let began = time.now
            do {
                async let _: Void = forsake(server, time, unless: answers)
                await body()
            }
            let took = time.now - began
            state.withLock { state in
                guard !state.forsaken.contains(server) else { return }
                state.usual = state.usual.map { ($0 * 7 + took) / 8 } ?? took
            }
        }
    }

    private func forsake(
        _ server: String, _ time: any TimeSource, unless answers: @Sendable (Duration) async -> Bool
    ) async {
        let usual = state.withLock { $0.usual } ?? .milliseconds(500)
        let patience = min(max(usual * 2, .milliseconds(200)), .seconds(5))
        var pause = patience
        while (try? await time.sleep(for: pause)) != nil {
            if await !answers(patience), !Task.isCancelled { return forsake(server) }
            pause = min(pause * 2, .seconds(30))
        }
    }

    /// What runs on `server` counts no longer: it does not answer, and the others need not wait for that.
    func forsake(_ server: String) {
        let admitted = state.withLock { state -> [CheckedContinuation<Bool, Never>] in
            guard state.busy.contains(server), state.forsaken.insert(server).inserted else { return [] }
            state.free += 1
            return state.admit()
        }
        for continuation in admitted { continuation.resume(returning: true) }
    }

    private func acquire(_ server: String) async -> Bool {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        // Where the task is cancelled as it is admitted, the mark of the cancellation has no reader.
        defer { state.withLock { _ = $0.cancelled.remove(id) } }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (admitted, isCancelled) = state.withLock { state -> ([CheckedContinuation<Bool, Never>], Bool) in
                    if state.cancelled.remove(id) != nil { return ([], true) }
                    state.waiters.append(Waiter(id: id, server: server, continuation: continuation))
                    return (state.admit(), false)
                }
                if isCancelled { continuation.resume(returning: false) }
                for admitted in admitted { admitted.resume(returning: true) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let index = state.waiters.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.waiters.remove(at: index)
            }
            waiter?.continuation.resume(returning: false)
        }
    }
}
