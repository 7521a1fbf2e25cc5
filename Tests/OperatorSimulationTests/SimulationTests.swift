import Effects
import OperatorSimulation
import Synchronization
import TestSupport
import Testing

@Suite struct SimulationTests {
    @Test func `one seed gives one run, and different seeds give different ones`() async throws {
        var hashes: Set<TraceHash> = []
        for seed in UInt64(0)..<200 {
            let (first, second) = try await onOwnThread {
                (SeedRun(NetworkScenario(), seed: seed).outcome(), SeedRun(NetworkScenario(), seed: seed).outcome())
            }
            #expect(first.traceHash == second.traceHash, "seed \(seed)")
            #expect(first.steps == second.steps)
            #expect(first.isSound, "seed \(seed): \(first)")
            hashes.insert(first.traceHash)
        }
        #expect(hashes.count == 200)
    }

    @Test func `tasks, actors and streams run in an order that the seed chooses`() throws {
        var orders: Set<[String]> = []
        for seed in UInt64(0)..<50 {
            func order() throws -> [String] {
                try simulate(seed: seed) { simulation in
                    let diary = Diary()
                    let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
                    await withTaskGroup(of: Void.self) { group in
                        for task in 0..<5 {
                            group.addTask {
                                await diary.write("\(task)")
                                await Task.yield()
                                continuation.yield(task)
                                await diary.write("\(task) again")
                            }
                        }
                        group.addTask {
                            var left = 5
                            for await task in stream {
                                await diary.write("saw \(task)")
                                left -= 1
                                if left == 0 { break }
                            }
                        }
                    }
                    return await diary.lines
                }
            }
            let first = try order()
            #expect(try order() == first)
            orders.insert(first)
        }
        #expect(orders.count > 40)
    }

    @Test func `time stands still while something runs and jumps when nothing does`() throws {
        let times = try simulate { simulation in
            async let short = {
                try await simulation.sleep(for: .seconds(2)); return simulation.now
            }()
            async let long = {
                try await simulation.sleep(for: .seconds(86_400)); return simulation.now
            }()
            return try await [simulation.now, short, long]
        }
        #expect(times == [.zero, .seconds(2), .seconds(86_400)])
    }

    @Test func `timers fire in the order of their times, whatever the order in which they were set`() throws {
        let wakes = try simulate(seed: 7) { simulation in
            let log = Collected<String>()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for second in (1...100).map({ $0 * 37 % 101 }) {
                    group.addTask {
                        try await simulation.sleep(for: .seconds(second))
                        log.append("\(second)")
                    }
                }
                try await group.waitForAll()
            }
            return log.all
        }
        #expect(wakes == (1...100).map { "\($0)" })
    }

    @Test func `work takes time where the budget says so`() throws {
        var budget = SimulationBudget()
        budget.jobTime = .milliseconds(1)
        let now = try simulate(budget: budget) { simulation in
            for _ in 0..<100 { await Task.yield() }
            return simulation.now
        }
        #expect(now > .milliseconds(20) && now < .milliseconds(120))
    }

    @Test func `a cancelled sleeper wakes at once`() throws {
        let (outcome, now) = try simulate { simulation in
            let outcome = await withTaskGroup(of: String.self) { group in
                group.addTask {
                    do { try await simulation.sleep(for: .seconds(100_000)) } catch { return "\(type(of: error))" }
                    return "slept"
                }
                try? await simulation.sleep(for: .seconds(1))
                group.cancelAll()
                return await group.next()
            }
            return (outcome, simulation.now)
        }
        #expect(outcome == "CancellationError")
        #expect(now == .seconds(1))
    }

    @Test func `a task that is cancelled already does not sleep`() throws {
        let now = try simulate { simulation in
            await withTaskGroup(of: Void.self) { group in
                group.cancelAll()
                group.addTask { try? await simulation.sleep(for: .seconds(5)) }
            }
            return simulation.now
        }
        #expect(now == .zero)
    }

    @Test func `a deadlock is reported with what is known to wait`() {
        let failure = #expect(throws: SimulationFailure.self) {
            try simulate { simulation in
                simulation.addReporter { ["the last train"] }
                try await simulation.sleep(for: .seconds(3))
                try await simulation.clock.sleepForever()
            }
        }
        #expect(failure == .deadlock(at: .seconds(3), waiting: ["the last train"]))
    }

    @Test func `a loop that never sleeps ends with the budget of steps`() {
        let budget = SimulationBudget(steps: 1_000)
        let failure = #expect(throws: SimulationFailure.self) {
            try simulate(budget: budget) { _ in while !Task.isCancelled { await Task.yield() } }
        }
        #expect(failure == .outOfSteps(at: .zero, steps: 1_000))
    }

    @Test func `a loop that sleeps ends with the budget of time`() {
        let budget = SimulationBudget(time: .seconds(3_600))
        let failure = #expect(throws: SimulationFailure.self) {
            try simulate(budget: budget) { simulation in
                while !Task.isCancelled { try await simulation.sleep(for: .seconds(60)) }
            }
        }
        guard case .outOfTime = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func `work that leaves the simulation is noticed`() {
        let failure = #expect(throws: SimulationFailure.self) {
            try simulate { simulation in
                // Without this the run would end as a deadlock before the stray task comes back.
                let ticker = simulation.spawn { while !Task.isCancelled { await Task.yield() } }
                _ = await Task.detached { 1 }.value
                ticker.cancel()
            }
        }
        #expect(failure == .leftSimulation(jobs: 1))
    }

    @Test func `what the body throws comes out`() {
        #expect(throws: HTTPFailure(.tls, "x")) { try simulate { _ in throw HTTPFailure(.tls, "x") } }
    }

    @Test func `spawned tasks end with the run`() throws {
        let log = Collected<String>()
        try simulate { simulation in
            simulation.spawn {
                do { try await simulation.clock.sleepForever() } catch { log.append("\(type(of: error))") }
            }
            try await simulation.sleep(for: .seconds(1))
        }
        #expect(log.all == ["CancellationError"])
    }

    @Test func `streams of random numbers do not disturb each other`() throws {
        let (first, second) = try (0..<2).map { round in
            try simulate(seed: 9) { simulation in
                let faults = simulation.random("faults")
                if round == 1 { for _ in 0..<10 { _ = faults.next() } }
                return (0..<5).map { _ in simulation.next() }
            }
        }.twin
        #expect(first == second)
        #expect(Set(first).count == 5)
    }
}

private actor Diary {
    var lines: [String] = []

    func write(_ line: String) { lines.append(line) }
}

extension Array {
    fileprivate var twin: (Element, Element) { (self[0], self[1]) }
}
