import Effects
import KubeRuntime
import Logging
import Synchronization
import TestSupport
import Testing

struct ControllerTests {
    private let time = VirtualTime()
    private let journal = Collected<String>()

    private func queue() -> WorkQueue<String> { WorkQueue(time: time, random: SeededRandom(3)) }

    private func controller(
        _ queue: WorkQueue<String>, workers: Int = 2, _ reconcile: @escaping Controller<String>.Reconcile
    ) -> Controller<String> {
        Controller(
            name: "test", queue: queue, workers: workers, time: time,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, reconcile: reconcile)
    }

    @Test func `a key is reconciled, and once more after the time it asks for`() throws {
        let queue = queue()
        queue.add("a")
        let controller = controller(queue) { [journal, time] key in
            journal.append("\(key) at \(time.now.components.seconds)")
            return time.now < .seconds(60) ? .requeue(after: .seconds(30)) : .done
        }

        try time.run(for: .seconds(1000)) { try await controller.run() }

        #expect(journal.all == ["a at 0", "a at 30", "a at 60"])
    }

    @Test func `133: a failing key comes back later and later, and others do not wait for it`() throws {
        let queue = queue()
        queue.add("bad")
        queue.add("good")
        let controller = controller(queue, workers: 1) { [journal, time] key in
            journal.append("\(key) at \(time.now.components.seconds)")
            if key == "bad", time.now < .seconds(15) { throw Failure() }
            return .done
        }

        try time.run(for: .seconds(1000)) { try await controller.run() }

        let bad = journal.all.filter { $0.hasPrefix("bad") }
        #expect(journal.all.prefix(2) == ["bad at 0", "good at 0"])
        #expect(bad.count == 5, "after 1, 2, 4 and 8 seconds and up to a fifth more: \(bad)")
        #expect(queue.failureCount(of: "bad") == 0)
    }

    @Test func `136: work that was cancelled from within is a failure of its key alone`() throws {
        let queue = queue()
        queue.add("bad")
        let controller = controller(queue, workers: 1) { [journal, time] key in
            journal.append("\(key) at \(time.now.components.seconds)")
            if key == "bad", time.now < .seconds(1) { throw CancellationError() }
            if key == "bad" { queue.add("good") }
            return .done
        }

        try time.run(for: .seconds(10)) { try await controller.run() }

        #expect(journal.all == ["bad at 0", "bad at 1", "good at 1"])
    }

    @Test func `131: a key added while in progress waits for its end, and another worker takes others`() throws {
        let queue = queue()
        queue.add("a")
        let controller = controller(queue, workers: 3) { [journal, time] key in
            let start = time.now.components.seconds
            if start == 0, key == "a" {
                queue.add("a")
                queue.add("b")
            }
            try await time.sleep(for: .seconds(10))
            journal.append("\(key) \(start)-\(time.now.components.seconds)")
            return .done
        }

        try time.run(for: .seconds(1000)) { try await controller.run() }

        #expect(journal.all == ["a 0-10", "b 0-10", "a 10-20"])
    }

    @Test func `an earlier time wakes a queue that sleeps for a later one`() throws {
        let queue = queue()
        let (time, journal) = (time, journal)
        let controller = controller(queue) { key in
            journal.append("\(key) at \(time.now.components.seconds)")
            return .done
        }

        try time.run(for: .seconds(1000)) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await controller.run() }
                queue.add("late", after: .seconds(100))
                try await time.sleep(for: .seconds(10))
                queue.add("early", after: .seconds(5))
                queue.add("late", after: .seconds(50))
                try await group.waitForAll()
            }
        }

        #expect(journal.all == ["early at 15", "late at 60"])
    }

    @Test func `139: after a shutdown what is in hand is finished, and run returns`() throws {
        let queue = queue()
        for key in ["a", "b", "c"] { queue.add(key) }
        let (time, journal) = (time, journal)
        let controller = controller(queue) { key in
            try await time.sleep(for: .seconds(10))
            journal.append(key)
            return .requeue(after: .seconds(1))
        }

        try time.run {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await controller.run() }
                try await time.sleep(for: .seconds(5))
                queue.shutDown()
                try await group.waitForAll()
            }
        }

        #expect(journal.all == ["a", "b"])
        #expect(time.now == .seconds(10))
    }

    @Test func `cancelling ends everything at once, and is no failure`() throws {
        let queue = queue()
        queue.add("a")
        let (time, journal) = (time, journal)
        let controller = controller(queue) { _ in
            try await time.sleep(for: .seconds(100))
            journal.append("finished")
            return .done
        }

        try time.run(for: .seconds(1)) {
            do { try await controller.run() } catch is CancellationError { journal.append("cancelled") }
        }

        #expect(journal.all == ["cancelled"])
        #expect(queue.failureCount(of: "a") == 0)
        #expect(queue.counts.inProgress == 0)
    }

    @Test func `66: ten thousand keys and their delays are no matter`() throws {
        let queue = queue()
        for number in 0..<10_000 {
            queue.add("\(number)", priority: .background)
            queue.add("\(number)", after: .seconds(number % 100 + 1))
        }
        let counter = Counter()
        let controller = controller(queue, workers: 8) { _ in
            counter.increment()
            return .done
        }

        try time.run(for: .seconds(200)) { try await controller.run() }

        #expect(counter.value == 20_000)
    }
}

private struct Failure: Error {}

private final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func increment() { count.withLock { $0 += 1 } }
}
