/// Why a simulation did not come to its end.
package enum SimulationFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// No job can run and no timer will ever fire. `waiting` says what is known to wait.
    case deadlock(at: Duration, waiting: [String])
    /// More jobs ran than the budget allows: most likely a loop that never sleeps.
    case outOfSteps(at: Duration, steps: Int)
    /// More virtual time passed than the budget allows.
    case outOfTime(at: Duration, steps: Int)
    /// Jobs came from other threads: a bare `Task { }`, `Task.sleep` or a real clock was reached.
    case leftSimulation(jobs: Int)

    package var description: String {
        switch self {
        case .deadlock(let time, let waiting):
            let list = waiting.isEmpty ? "" : "; waiting: " + waiting.joined(separator: ", ")
            return "deadlock at \(time.inSeconds): nothing can run and no timer is set\(list)"
        case .outOfSteps(let time, let steps): return "still busy at \(time.inSeconds) after \(steps) steps"
        case .outOfTime(let time, let steps): return "not done at \(time.inSeconds), after \(steps) steps"
        case .leftSimulation(let jobs): return "\(jobs) jobs came from another thread: something left the simulation"
        }
    }
}

extension Duration {
    /// `12.034500s`: what traces print.
    package var inSeconds: String {
        let micros = String(components.attoseconds / 1_000_000_000_000)
        return "\(components.seconds)." + String(repeating: "0", count: max(0, 6 - micros.count)) + micros + "s"
    }
}
