package import Effects
import Synchronization

/// Where a process is killed: at one of its effects, counted from 1.
package struct CrashPoint: Hashable, Sendable, CustomStringConvertible {
    package var effect: Int
    /// False: the server never sees the effect; true: it acts on it, and the process never learns.
    package var isAfter: Bool

    package init(effect: Int, isAfter: Bool) {
        self.effect = effect
        self.isAfter = isAfter
    }

    package var description: String { "\(effect):\(isAfter ? "after" : "before")" }
}

/// One incarnation of the operator: what it sends can be counted, and it can be killed.
package final class SimulatedProcess: Sendable {
    /// How a process ended.
    package enum Exit: Hashable, Sendable {
        case killed
        case returned
        case threw(String)
    }

    package let name: String
    private let simulation: Simulation
    private let crashPoint: CrashPoint?
    private let exited = Waiter()
    private let state = Mutex(State())

    private struct State {
        var isAlive = true
        var hasEnded = false
        var exit: Exit?
        var effects = 0
        var task: Task<Void, Never>?
        var conversations: [Int: Conversation] = [:]
    }

    /// A process that is killed at `crashPoint`, if there is one.
    package init(_ name: String, in simulation: Simulation, crashPoint: CrashPoint? = nil) {
        self.name = name
        self.simulation = simulation
        self.crashPoint = crashPoint
    }

    package var isAlive: Bool { state.withLock { $0.isAlive } }

    /// True when the code of the process came to its end, which a killed one does soon after: it is cancelled.
    package var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// Effects sent so far.
    package var effects: Int { state.withLock { $0.effects } }

    /// Runs the process.
    package func start(_ body: @escaping @Sendable () async throws -> Void) {
        let task = simulation.spawn { [self] in
            var exit = Exit.returned
            do { try await body() } catch { exit = .threw("\(error)") }
            state.withLock { state in
                state.hasEnded = true
                state.isAlive = false
                state.exit = state.exit ?? exit
            }
            exited.resume()
        }
        state.withLock { $0.task = task }
    }

    /// Waits until the process is killed or ends by itself; one task may wait.
    package func waitForExit() async throws -> Exit {
        try await exited.wait()
        return state.withLock { $0.exit } ?? .returned
    }

    /// Ends the process as SIGKILL does: nothing that it sends takes effect any more, everything it awaits fails.
    package func kill() {
        let (wasAlive, task, conversations) = state.withLock { state in
            defer {
                state.isAlive = false
                state.exit = state.exit ?? .killed
            }
            return (state.isAlive, state.task, state.conversations.sorted { $0.key < $1.key }.map(\.value))
        }
        guard wasAlive else { return }
        simulation.trace("kill \(name)")
        for conversation in conversations { conversation.fail(CancellationError()) }
        task?.cancel()
        exited.resume()
    }

    /// Asks the process to end, as SIGTERM does, and lets it.
    package func stop() { state.withLock { $0.task }?.cancel() }

    /// Numbers an effect; throws `CancellationError` in a dead process.
    func number(_ method: HTTPRequest.Method) throws -> Int? {
        try state.withLock { state in
            guard state.isAlive else { throw CancellationError() }
            guard !method.isSafe else { return nil }
            state.effects += 1
            return state.effects
        }
    }

    func add(_ conversation: Conversation) {
        state.withLock { $0.conversations[conversation.exchange.id] = conversation }
    }

    func remove(_ conversation: Conversation) {
        state.withLock { $0.conversations[conversation.exchange.id] = nil }
    }

    /// Kills the process if that is due right before or after `effect`.
    func crash(at effect: Int?, isAfter: Bool) {
        guard let crashPoint, crashPoint.effect == effect, crashPoint.isAfter == isAfter else { return }
        kill()
    }
}

/// The network as one process sees it.
package struct ProcessTransport: HTTPTransport {
    private let network: SimulatedNetwork
    package let process: SimulatedProcess

    package init(_ network: SimulatedNetwork, process: SimulatedProcess) {
        self.network = network
        self.process = process
    }

    package func withResponse<Value: Sendable>(
        to request: HTTPRequest, _ body: (HTTPResponse) async throws -> Value
    ) async throws -> Value {
        try await network.exchange(request, from: process, body)
    }
}
