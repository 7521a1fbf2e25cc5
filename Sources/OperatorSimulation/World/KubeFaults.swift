import Effects
import KubeSimulator

/// What goes wrong at the API server, one request in so many; each seed has its own selection.
struct KubeFaults: Sendable {
    private let random: RandomStream
    private let permille: Int
    private let faults: [Fault]

    init(_ simulation: Simulation) {
        let random = simulation.random("kube faults")
        self.random = random
        permille = random.pick([0, 0, 10, 50, 200]) ?? 0
        let all: [Fault] = [
            .status(429, retryAfter: 1), .status(429), .status(500), .status(503, retryAfter: 2), .dropConnection,
            .stall, .answerLost, .delay(.seconds(2)), .delay(.seconds(20)), .truncateWatch(afterEvents: 1),
            .watchError(code: 410, reason: "Expired", message: "too old resource version: 1 (2)"),
            .watchError(code: 500, reason: "InternalError", message: "etcdserver: no leader"),
        ]
        faults = all.filter { _ in random.chance(600) }
    }

    func start(in kube: KubeSimulator) {
        guard permille > 0 else { return }
        kube.setFault { _ in random.chance(permille) ? random.pick(faults) : nil }
    }
}
