import Synchronization
import TestSupport
import Testing

@testable import AdapterController

/// Counts what runs at the same time.
private final class Meter: Sendable {
    private struct State {
        var running: [String: Int] = [:]
        var most = 0
        var mostOfOne = 0
        var done: [Int] = []
    }

    private let state = Mutex(State())

    var most: Int { state.withLock { $0.most } }
    var mostOfOne: Int { state.withLock { $0.mostOfOne } }
    var done: [Int] { state.withLock { $0.done } }

    func run(_ server: String, _ number: Int) async {
        state.withLock { state in
            state.running[server, default: 0] += 1
            state.most = max(state.most, state.running.values.reduce(0, +))
            state.mostOfOne = max(state.mostOfOne, state.running[server] ?? 0)
        }
        for _ in 0..<3 { await Task.yield() }
        state.withLock { state in
            state.running[server, default: 0] -= 1
            state.done.append(number)
        }
    }
}

@Suite struct LoadSlotsTests {
    private func server(_ number: Int) -> String { "10.0.0.\(number):8000" }

    /// Runs the current task until `condition` holds.
    private func until(_ condition: () -> Bool) async {
        for _ in 0..<100_000 where !condition() { await Task.yield() }
        #expect(condition())
    }

    @Test(arguments: [1, 3, 64])
    func `one runs on each server and so many in all`(_ limit: Int) async {
        let (slots, meter) = (LoadSlots(limit), Meter())
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask { await slots.hold(server(number % 10)) { await meter.run(server(number % 10), number) } }
            }
        }
        #expect(meter.done.sorted() == Array(0..<200))
        #expect(meter.most <= limit && meter.mostOfOne == 1)
    }

    @Test func `V7: what a server does not answer keeps its own slot, and nobody else's`() async {
        let (slots, bell, log) = (LoadSlots(1), Doorbell(), Collected<String>())
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await slots.hold(server(0)) {
                    log.append("hangs")
                    await bell.wait()
                }
            }
            await until { log.all.count == 1 }
            for number in 0..<2 {
                group.addTask { await slots.hold(server(number)) { log.append("\(number)") } }
            }
            for _ in 0..<100 { await Task.yield() }
            #expect(log.all == ["hangs"])
            slots.forsake(server(0))
            slots.forsake(server(0))
            await until { log.all == ["hangs", "1"] }
            bell.ring()
        }
        #expect(log.all == ["hangs", "1", "0"])
        slots.forsake(server(0))
        // Nothing was gained or lost by it.
        let meter = Meter()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask { await slots.hold(server(number)) { await meter.run(server(number), number) } }
            }
        }
        #expect(meter.most == 1 && meter.done.count == 50)
    }

    @Test func `a limit below one still lets one run`() async {
        let (slots, meter) = (LoadSlots(0), Meter())
        await slots.hold(server(0)) { await meter.run(server(0), 0) }
        #expect(meter.done == [0])
    }

    @Test func `first come, first served, and a busy server holds up no other`() async {
        let (slots, meter, gate) = (LoadSlots(8), Meter(), Doorbell())
        await withTaskGroup(of: Void.self) { group in
            let entered = Doorbell()
            group.addTask {
                await slots.hold(server(0)) {
                    entered.ring()
                    await gate.wait()
                }
            }
            await entered.wait()
            for number in 1...3 {
                group.addTask { await slots.hold(server(0)) { await meter.run(server(0), number) } }
                for _ in 0..<1_000 { await Task.yield() }
            }
            await slots.hold(server(1)) { await meter.run(server(1), 9) }
            #expect(meter.done == [9])
            gate.ring()
        }
        #expect(meter.done == [9, 1, 2, 3])
    }

    @Test func `who is cancelled while it waits does not run and takes no slot`() async {
        let (slots, meter, gate, entered) = (LoadSlots(1), Meter(), Doorbell(), Doorbell())
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await slots.hold(server(0)) {
                    entered.ring()
                    await gate.wait()
                }
            }
            await entered.wait()
            let waiting = Task { await slots.hold(server(1)) { await meter.run(server(1), 1) } }
            for _ in 0..<1_000 { await Task.yield() }
            waiting.cancel()
            await waiting.value
            gate.ring()
        }
        await slots.hold(server(2)) { await meter.run(server(2), 2) }
        #expect(meter.done == [2])
    }

    @Test func `cancelling at any moment loses no slot`() async {
        let (slots, meter) = (LoadSlots(2), Meter())
        for round in 0..<200 {
            let tasks = (0..<4).map { number in
                Task { await slots.hold(server(number % 3)) { await meter.run(server(number % 3), number) } }
            }
            for _ in 0..<(round % 7) { await Task.yield() }
            tasks[round % 4].cancel()
            for task in tasks { await task.value }
        }
        let before = meter.done.count
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<6 {
                group.addTask { await slots.hold(server(number)) { await meter.run(server(number), number) } }
            }
        }
        #expect(meter.done.count == before + 6)
    }
}

@Suite struct DoorbellTests {
    /// Time that ends a sleep only by cancellation.
    private struct NoTime: TimeSourceStub {}

    @Test func `a ring while nobody waits is kept, and two are one`() async {
        let bell = Doorbell()
        bell.ring()
        bell.ring()
        await bell.wait()
        let second = Task { await bell.wait() }
        for _ in 0..<100 { await Task.yield() }
        second.cancel()
        await second.value
    }

    @Test func `a waiting task is woken`() async {
        let bell = Doorbell()
        let waiting = Task { await bell.wait() }
        for _ in 0..<100 { await Task.yield() }
        bell.ring()
        await waiting.value
    }

    @Test func `cancellation ends a wait, and the next one waits again`() async {
        let bell = Doorbell()
        for _ in 0..<200 {
            let waiting = Task { await bell.wait() }
            await Task.yield()
            waiting.cancel()
            await waiting.value
        }
        let ended = Mutex(false)
        let waiting = Task {
            await bell.wait()
            ended.withLock { $0 = true }
        }
        for _ in 0..<1_000 { await Task.yield() }
        #expect(!ended.withLock { $0 })
        bell.ring()
        await waiting.value
    }

    @Test func `a wait with a limit ends at the ring or at the limit`() async {
        let bell = Doorbell()
        bell.ring()
        await bell.wait(atMost: .seconds(1_000), NoTime())
        await bell.wait(atMost: .zero, NoTime())
        let waiting = Task { await bell.wait(atMost: .seconds(1_000), NoTime()) }
        for _ in 0..<100 { await Task.yield() }
        bell.ring()
        await waiting.value
    }
}
