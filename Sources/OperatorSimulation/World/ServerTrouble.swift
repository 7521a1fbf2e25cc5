import VLLMSimulator

/// What can be wrong with one server beyond its network.
enum ServerTrouble: String, Hashable, Sendable, CaseIterable {
    /// Nobody listens.
    case down
    /// Connections stand and nothing is answered.
    case hanging
    /// Everything is answered with 500.
    case failing
    /// `/health` is 503, and `/v1/models` still lists.
    case engineDead
    /// Loads and unloads are answered with 500 and not done.
    case refusingChanges
    /// Loads are confirmed and not done.
    case pretendingLoads
    /// Unloads are confirmed and not done.
    case ignoringUnloads
    /// Loads and unloads are done, and their answers lost.
    case losingAnswers
    /// `/v1/models` is a page of HTML.
    case html
    /// `/v1/models` is valid and lists nothing at all, not even a base model.
    case empty
    /// `/v1/models` is JSON cut off in the middle.
    case cutOff
    /// `/v1/models` never ends.
    case endless
    /// `/v1/models` leads elsewhere.
    case redirecting
    /// `/v1/models` is not found, as where a proxy has lost its way.
    case notFound

    /// Whether what `/v1/models` says is what the server holds.
    var isHonest: Bool {
        switch self {
        case .refusingChanges, .pretendingLoads, .ignoringUnloads, .losingAnswers, .down: true
        default: false
        }
    }

    func begin(on server: SimulatedServer) {
        let error = SimulatedFault.answer(status: 500, contentType: "text/plain", body: "Internal Server Error")
        switch self {
        case .down: break
        case .hanging: server.inject(.hang)
        case .failing: server.inject(error)
        case .engineDead: server.setEngine(alive: false)
        case .refusingChanges:
            server.inject(error, on: .load)
            server.inject(error, on: .unload)
        case .pretendingLoads: server.inject(.pretend, on: .load)
        case .ignoringUnloads: server.setIgnoresUnloads(true)
        case .losingAnswers:
            server.inject(.loseAnswer, on: .load)
            server.inject(.loseAnswer, on: .unload)
        case .html: server.inject(.html, on: .models)
        case .empty:
            let body = #"{"object":"list","data":[]}"#
            server.inject(.answer(status: 200, contentType: "application/json", body: body), on: .models)
        case .cutOff: server.inject(.cutBody, on: .models)
        case .endless: server.inject(.endlessBody, on: .models)
        case .notFound:
            let body = #"{"detail":"Not Found"}"#
            server.inject(.answer(status: 404, contentType: "application/json", body: body), on: .models)
        case .redirecting: server.inject(.redirect(to: "http://10.0.0.9/v1/models"), on: .models)
        }
    }

    /// Ends every trouble.
    static func end(on server: SimulatedServer) {
        server.clearFaults()
        server.setEngine(alive: true)
        server.setIgnoresUnloads(false)
    }
}
