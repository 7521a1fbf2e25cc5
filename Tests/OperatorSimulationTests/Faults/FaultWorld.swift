import AdapterController
import DynamicJSON
import Effects
import KubeSimulator
import Synchronization
import TestSupport
import Testing
import VLLMSimulator

@testable import OperatorSimulation

/// Runs `body` beside the whole operator in a calm world: the Service `a`, so many servers behind it, virtual time.
///
/// What ARCHITECTURE.md calls invariants of every moment is checked along the way; in a stormy world `body` itself does
/// the same over and over.
func inWorld(
    pods: Int = 3, seed: UInt64 = 1, hours: Int = 12, isStormy: Bool = false,
    configure: @escaping @Sendable (inout OperatorOptions) -> Void = { _ in },
    _ body: @escaping @Sendable (World) async throws -> Void
) async throws {
    let definitions = try definitions()
    try await onOwnThread {
        let budget = SimulationBudget(steps: 20_000_000, time: .seconds(hours * 3600))
        try simulate(seed: seed, budget: budget) { simulation in
            let world = try World(WorldSettings(definitions: definitions), in: simulation)
            try world.createService("a")
            for _ in 0..<pods { try world.createPod(services: ["a"]) }
            simulation.spawn {
                await world.supervise(OperatorScenario.main(probeInterval: .seconds(30), configure: configure))
            }
            try await body(world)
            // The environment itself may look for what a test deleted.
            let excused = ["environment"] + (isStormy ? ["no storm"] : [])
            let violations = world.now.violations.filter { !excused.contains($0.invariant) }
            #expect(violations.isEmpty)
        }
    }
}

/// The spec of an adapter of the Service `a`.
func spec(_ path: String = "/a/sql", _ more: JSONValue = [:]) -> JSONValue {
    var spec: JSONValue = ["loraPath": .string(path), "target": ["service": ["name": "a"]]]
    for (field, value) in more.objectValue ?? [:] { spec[field] = value }
    return spec
}

extension World {
    func sleep(_ seconds: Int) async throws { try await simulation.sleep(for: .seconds(seconds)) }

    /// Waits up to a quarter of an hour of virtual time until the adapter is in that phase.
    func reaches(
        _ phase: String, _ name: String = "sql", sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await becomes("\(name) is \(phase)", sourceLocation: sourceLocation) {
            let adapter = $0.adapter(name)
            return adapter?.phase == phase
                && adapter?.object["status", "observedGeneration"]?.intValue == adapter?.generation
        }
    }

    func becomes(
        _ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ holds: (World) -> Bool
    ) async throws {
        for _ in 0..<900 where !holds(self) { try await sleep(1) }
        let all = adapters.map { "\($0.name): \($0.object["status"]?.text ?? "-")" }.joined(separator: "\n")
        try #require(holds(self), "\(what): \(all)", sourceLocation: sourceLocation)
    }

    /// Loads and unloads that reached servers that are there now.
    var changes: Int {
        pods.reduce(0) { $0 + $1.server.requestCount(.load) + $1.server.requestCount(.unload) }
    }

    /// Loads of a name that reached servers that are there now.
    func loads(of name: String = "sql") -> [Int] { pods.map { $0.server.loadCount(of: name) } }

    /// The reason of a condition of the adapter; empty where it has none.
    func reason(_ type: String = "Ready", of name: String = "sql") -> String {
        let conditions = adapter(name)?.object["status", "conditions"]?.arrayValue ?? []
        return conditions.first { $0["type"]?.stringValue == type }?["reason"]?.stringValue ?? ""
    }

    /// Requests of the operator to the API server from now on.
    func countKubeRequests(where matches: @escaping @Sendable (HTTPRequest) -> Bool = { _ in true }) -> Counter {
        let counter = Counter()
        network.observe { event in
            if case .sent(let exchange) = event, exchange.authority == Self.kubeAuthority, !exchange.process.isEmpty,
                matches(exchange.request)
            {
                counter.note(exchange.request, at: self.simulation.now)
            }
        }
        return counter
    }

    /// Lets every request that matches go wrong at the API server.
    func breakKube(_ fault: Fault, where matches: @escaping @Sendable (HTTPRequest) -> Bool = { _ in true }) {
        kube.setFault { matches($0) ? fault : nil }
        network.resetConnections(to: Self.kubeAuthority)
    }

    /// The servers hold exactly these.
    func hold(_ entries: [String: String]) -> Bool { pods.allSatisfy { $0.adapters == entries } }
}

/// Requests, and when they came.
final class Counter: Sendable {
    private let entries = Mutex<[(request: HTTPRequest, at: Duration)]>([])

    func note(_ request: HTTPRequest, at time: Duration) { entries.withLock { $0.append((request, time)) } }

    var count: Int { entries.withLock { $0.count } }
    var all: [(request: HTTPRequest, at: Duration)] { entries.withLock { $0 } }

    func reset() { entries.withLock { $0 = [] } }
}

extension HTTPRequest {
    var isStatusWrite: Bool { method == .patch && url.contains("/loraadapters/") && url.contains("/status") }
    var isFinalizerPatch: Bool { method == .patch && url.contains("/loraadapters/") && !url.contains("/status") }
    var isCollectionRead: Bool { method == .get && !url.contains("/secrets/") }
}
