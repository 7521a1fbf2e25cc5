import Effects
import FoundationEssentials
import OperatorSimulation
import TestSupport

/// Runs `body` in a simulation of its own.
@discardableResult
func simulate<Value: Sendable>(
    seed: UInt64 = 1, budget: SimulationBudget = SimulationBudget(),
    _ body: @escaping @Sendable (Simulation) async throws -> Value
) throws -> Value {
    let simulation = Simulation(seed: seed, budget: budget)
    return try simulation.run { try await body(simulation) }
}

/// A handler made of a closure, which notes every request that reaches it.
struct Server: HTTPHandler {
    let log = Collected<String>()
    var answer: @Sendable (HTTPRequest) async throws -> HTTPResponse = { _ in
        HTTPResponse(status: 200, body: Array("hello".utf8))
    }

    func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        log.append("\(request.method.rawValue) \(request.url)")
        return try await answer(request)
    }
}

/// The operator's CustomResourceDefinitions.
func definitions() throws -> [String] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../crds")
    return try ["loraadapters.yaml", "servedmodels.yaml"].map { name in
        String(decoding: try Data(contentsOf: root.appending(path: name).standardized), as: UTF8.self)
    }
}
