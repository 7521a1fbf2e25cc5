import Effects
import Synchronization

/// Clients that add to counters over a faulty network: shows that the harness itself keeps its promises.
package struct NetworkScenario: Scenario {
    package let name = "network"

    package init() {}

    package func run(in simulation: Simulation) async throws -> [Violation] {
        let network = SimulatedNetwork(simulation)
        let counters = (0..<3).map { _ in Counter() }
        let process = SimulatedProcess("client", in: simulation, crashPoint: simulation.crashPoint)
        for (index, counter) in counters.enumerated() {
            network.register(counter, at: "10.0.0.\(index):80")
            network.changeLink(to: "10.0.0.\(index):80") { link in
                link.faultPermille = 200
                link.faults = [.refused, .blackhole, .hang, .resetBefore, .resetAfter, .slow(.seconds(2)), .duplicated]
            }
        }
        let answered = Counter()
        let http = ProcessTransport(network, process: process)
        process.start {
            await withTaskGroup(of: Void.self) { group in
                for client in 0..<8 {
                    group.addTask {
                        for request in 0..<10 {
                            try? await simulation.sleep(for: simulation.operatorRandom.duration(.zero ... .seconds(5)))
                            let url = "http://10.0.0.\((client + request) % 3)/add"
                            guard let reply = try? await http.send(HTTPRequest(.post, url)) else { continue }
                            if reply.head.status == 200 { answered.add() }
                        }
                    }
                }
            }
        }
        _ = try await process.waitForExit()
        simulation.effects = process.effects
        let seen = process.effects
        try await simulation.sleep(for: .seconds(60))
        let total = counters.reduce(0) { $0 + $1.value }
        var violations: [Violation] = []
        if total < answered.value { violations.append(Violation("answered means done", "\(total) done")) }
        if total > 2 * seen { violations.append(Violation("nothing from nothing", "\(total) done of \(seen)")) }
        if process.effects > seen { violations.append(Violation("dead is dead", "\(process.effects) after \(seen)")) }
        return violations
    }
}

private final class Counter: HTTPHandler {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func add() { count.withLock { $0 += 1 } }

    func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        add()
        return HTTPResponse(status: 200)
    }
}
