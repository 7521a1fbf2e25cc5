import DynamicJSON
import Synchronization
import TestSupport
import Testing
import VLLMSimulator

@testable import OperatorSimulation

/// Half of a hundred servers are dead: what the other half notices of it, in virtual time.
@Suite(.serialized) struct HalfDeadTests {
    private static let intervals = 10

    @Test
    func `V15: half of 100 servers dead delay the other half by less than a tenth, and are asked once an interval`()
        async throws
    {
        let alone = try await converge(deadBy: nil)
        #expect(alone.phases == ["Ready"])
        for fault in [NetworkFault.refused, .blackhole, .hang] {
            let beside = try await converge(deadBy: fault)
            #expect(beside.time <= alone.time * 1.1, "\(fault): \(beside.time) s, and \(alone.time) s without")
            #expect(beside.phases == ["Degraded"])
            #expect(beside.attempts.count == 50)
            #expect(beside.attempts.values.allSatisfy { $0 <= Self.intervals + 1 }, "\(beside.attempts)")
        }
    }

    @Test(arguments: [NetworkFault.blackhole, .hang])
    func `V15: servers that were dead before the operator started delay the others no more`(
        fault: NetworkFault
    ) async throws {
        let alone = try await converge(deadBy: nil, adapters: 40, fromStart: true)
        let beside = try await converge(deadBy: fault, adapters: 40, fromStart: true)
        #expect(beside.time <= alone.time * 1.1, "\(beside.time) s, and \(alone.time) s without")
    }

    /// What hangs stays in flight for minutes, and the others get its place as soon as it is known to be gone: after a
    /// fraction of a second, which must not be most of what is measured.
    @Test(arguments: [(Duration.milliseconds(50), 30), (.seconds(3), 10)])
    func `V15: servers that die while loads go out delay the others by less than a tenth`(
        load: Duration, adapters: Int
    ) async throws {
        let alone = try await converge(deadBy: nil, adapters: adapters, lasting: load)
        let beside = try await converge(deadBy: .hang, adapters: adapters, lasting: load, after: load * 2)
        #expect(beside.time <= alone.time * 1.1, "\(beside.time) s, and \(alone.time) s without")
    }

    private struct Outcome {
        /// Until each of the living servers held every adapter, in virtual seconds.
        var time: Double
        /// Requests to each dead server in ten intervals afterwards.
        var attempts: [String: Int] = [:]
        var phases: Set<String> = []
    }

    /// Adapters come to a hundred servers, of which every second one is dead.
    private func converge(
        deadBy fault: NetworkFault?, adapters: Int = 10, fromStart: Bool = false,
        lasting load: Duration = .milliseconds(50), after delay: Duration? = nil
    ) async throws -> Outcome {
        var settings = WorldSettings(definitions: try definitions())
        settings.addresses = 100
        let fixed = settings
        return try await onOwnThread {
            try simulate { simulation in
                let world = try World(fixed, in: simulation)
                try world.createService("a")
                for _ in 0..<100 { try world.createPod(services: ["a"]) { $0.loadDuration = load } }
                // Until the last EndpointSlice is out.
                try await simulation.sleep(for: .seconds(5))
                let pods = world.pods.enumerated()
                let dead = fault == nil ? [] : pods.filter { $0.offset % 2 == 1 }.map(\.element.authority)
                let alive = pods.filter { $0.offset % 2 == 0 }.map(\.element)
                let start: @Sendable () -> Void = {
                    simulation.spawn { await world.supervise(OperatorScenario.main(probeInterval: .seconds(30))) }
                }
                if !fromStart {
                    start()
                    try world.createAdapter("before", spec: Self.spec("before"))
                    while world.adapter("before")?.phase != "Ready" { try await simulation.sleep(for: .seconds(1)) }
                }
                let die: @Sendable () -> Void = {
                    for authority in dead {
                        world.network.changeLink(to: authority) { $0.fault = fault }
                        world.network.resetConnections(to: authority)
                    }
                }
                if delay == nil { die() }
                try await simulation.sleep(for: .seconds(60))
                let began = simulation.now
                if fromStart { start() }
                let names = (0..<adapters).map { "a\($0)" }
                for name in names { try world.createAdapter(name, spec: Self.spec(name)) }
                if let delay {
                    simulation.spawn {
                        try? await simulation.sleep(for: delay)
                        die()
                    }
                }
                while !alive.allSatisfy({ pod in names.allSatisfy { pod.adapters[$0] != nil } }) {
                    try await simulation.sleep(for: .milliseconds(10))
                }
                var outcome = Outcome(time: (simulation.now - began) / .seconds(1))
                if fromStart || delay != nil { return outcome }

                try await simulation.sleep(for: .seconds(60))
                let attempts = Mutex<[String: Int]>([:])
                world.network.observe { event in
                    guard case .sent(let exchange) = event, dead.contains(exchange.authority) else { return }
                    attempts.withLock { $0[exchange.authority, default: 0] += 1 }
                }
                try await simulation.sleep(for: .seconds(30 * Self.intervals))
                outcome.attempts = attempts.withLock { $0 }
                outcome.phases = Set(world.adapters.map(\.phase))
                return outcome
            }
        }
    }

    private static func spec(_ name: String) -> JSONValue {
        ["loraPath": .string("/a/\(name)"), "target": ["service": ["name": "a"]]]
    }
}
