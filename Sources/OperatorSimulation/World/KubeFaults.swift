import Effects
import KubeSimulator

/// What goes wrong at the API server, one request in so many; each seed has its own selection.
struct KubeFaults: Sendable {
    /// What befalls watches and what stands before an API server, beside what every scenario has.
    static let streams: [Fault] = [
        .status(410), .status(504, retryAfter: 1), .endWatch(.cut, afterEvents: 3), .endWatch(.close, afterEvents: 0),
        .endWatch(.close, afterEvents: 5), .endWatch(.silence, afterEvents: 2),
        .page(429, contentType: "text/plain", text: "Too many requests, please try again later.\n"),
        .page(200, contentType: "text/html", text: "<html>Please log in</html>"),
        .page(502, contentType: "text/html", text: "<html>Bad Gateway</html>"),
        .watchError(code: 429, reason: "TooManyRequests", message: "storage is (re)initializing"),
        .watchError(code: 403, reason: "Forbidden", message: "no"),
        .watchError(code: 0, reason: "", message: ""),
    ]

    /// What the API server of this seed makes of streamed lists: every other one is as it should be.
    static func watchList(_ simulation: Simulation) -> WatchListSupport {
        let random = simulation.random("watch list")
        guard random.chance(500) else { return .full }
        let others: [WatchListSupport] = [
            .withoutProgress, .refused(422), .refused(random.pick([400, 403, 405, 501]) ?? 400), .ignored, .endless,
        ]
        return random.pick(others) ?? .full
    }

    /// What a real API server says of a resource that it does not know, transcript 005.
    private static let unserved = Fault.page(404, contentType: "text/plain", text: "404 page not found\n")

    private let random: RandomStream
    private let permille: Int
    private let faults: [Fault]
    /// How far the caches of the API servers behind the one address are behind etcd.
    private let ages: [Duration]

    init(_ simulation: Simulation, and more: [Fault] = [], ages: [Duration] = []) {
        let random = simulation.random("kube faults")
        self.random = random
        self.ages = ages
        permille = random.pick([0, 0, 10, 50, 200]) ?? 0
        let all: [Fault] = [
            .status(429, retryAfter: 1), .status(429), .status(500), .status(503, retryAfter: 2), .dropConnection,
            .stall, .answerLost, .delay(.seconds(2)), .delay(.seconds(20)), .endWatch(.cut, afterEvents: 1),
            .watchError(code: 410, reason: "Expired", message: "too old resource version: 1 (2)"),
            .watchError(code: 500, reason: "InternalError", message: "etcdserver: no leader"),
        ]
        faults = (all + more).filter { _ in random.chance(600) }
    }

    func start(in kube: KubeSimulator) {
        guard permille > 0 || !ages.isEmpty else { return }
        kube.setFault { _ in next() }
    }

    /// The same in a world, whose operator may also be forbidden something.
    func start(in world: World) {
        world.kube.setFault { [weak world] request in
            if let unserved = world?.now.unserved, request.url.contains(unserved) { return Self.unserved }
            if let forbidden = world?.now.forbidden, request.url.contains(forbidden) { return .status(403) }
            return next()
        }
    }

    private func next() -> Fault? {
        if permille > 0, random.chance(permille) { return random.pick(faults) }
        return ages.isEmpty ? nil : random.pick(ages).map { .lag($0) }
    }
}
