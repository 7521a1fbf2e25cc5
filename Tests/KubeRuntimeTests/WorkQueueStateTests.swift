import KubeRuntime
import TestSupport
import Testing

struct WorkQueueStateTests {
    private func taken(_ queue: inout WorkQueueState<String>) -> [String] {
        var keys: [String] = []
        while let key = queue.take(at: .zero)?.key { keys.append(key) }
        return keys
    }

    @Test func `130: a key added many times is handed out once`() {
        var queue = WorkQueueState<String>()
        for _ in 0..<3 { queue.add("a", now: .zero) }
        queue.add("b", now: .zero)
        #expect(queue.depth == 2)
        #expect(taken(&queue) == ["a", "b"])
        #expect(queue.depth == 0)
    }

    @Test func `130, 131: a key added while in progress comes once more afterwards, and not before`() {
        var queue = WorkQueueState<String>()
        queue.add("a", now: .zero)
        #expect(queue.take(at: .zero)?.key == "a")
        queue.add("a", now: .zero)
        queue.add("a", now: .zero)
        #expect(queue.take(at: .zero) == nil)
        #expect(queue.depth == 0)

        let comesAgain = queue.done("a")
        #expect(comesAgain)
        #expect(taken(&queue) == ["a"])
        let comesThrice = queue.done("a")
        #expect(!comesThrice)
        #expect(queue.take(at: .zero) == nil)
    }

    @Test func `130: a key can be added again after it is done`() {
        var queue = WorkQueueState<String>()
        queue.add("a", now: .zero)
        _ = queue.take(at: .zero)
        queue.done("a")
        queue.add("a", now: .zero)
        #expect(queue.take(at: .zero)?.key == "a")
    }

    @Test func `69: fresh keys go first, each priority in the order of coming`() {
        var queue = WorkQueueState<Int>()
        for key in 0..<4 { queue.add(key, priority: .background, now: .zero) }
        queue.add(10, now: .zero)
        queue.add(2, now: .zero)
        queue.add(3, priority: .background, now: .zero)
        var order: [Int] = []
        while let key = queue.take(at: .zero)?.key { order.append(key) }
        #expect(order == [10, 2, 0, 1, 3])
    }

    @Test func `69, 137: a key that is always fresh again does not hold back for ever what waits behind it`() {
        var queue = WorkQueueState<Int>()
        for key in 1...3 { queue.add(key, priority: .background, now: .zero) }
        queue.add(0, now: .zero)
        var others: [Int] = []
        for _ in 0..<60 {
            guard let key = queue.take(at: .zero)?.key else { break }
            if key == 0 { queue.add(0, now: .zero) } else { others.append(key) }
            queue.done(key)
        }
        #expect(others == [1, 2, 3])
        #expect(queue.depth == 1)
    }

    @Test func `69: a key that waits as fresh is not set back`() {
        var queue = WorkQueueState<Int>()
        queue.add(1, now: .zero)
        queue.add(1, priority: .background, now: .zero)
        queue.add(2, now: .zero)
        #expect(queue.take(at: .zero)?.key == 1)
        queue.done(1)
        #expect(queue.take(at: .zero)?.key == 2)
        #expect(queue.take(at: .zero) == nil)
    }

    @Test func `132: the earlier of two times counts`() {
        var queue = WorkQueueState<String>()
        queue.add("a", at: .seconds(10))
        queue.add("a", at: .seconds(5))
        queue.add("a", at: .seconds(20))
        #expect(queue.nextDeadline == .seconds(5))
        #expect(queue.delayedCount == 1)

        #expect(queue.advance(to: .seconds(4)) == 0)
        #expect(queue.advance(to: .seconds(5)) == 1)
        #expect(taken(&queue) == ["a"])
        queue.done("a")
        #expect(queue.advance(to: .seconds(100)) == 0)
        #expect(queue.nextDeadline == nil)
    }

    @Test func `delayed keys come in the order of their times, equal ones in the order of coming`() {
        var queue = WorkQueueState<Int>()
        for (key, deadline) in [(1, 3), (2, 1), (3, 2), (4, 1), (5, 9)] { queue.add(key, at: .seconds(deadline)) }
        queue.advance(to: .seconds(5))
        var order: [Int] = []
        while let key = queue.take(at: .zero)?.key { order.append(key) }
        #expect(order == [2, 4, 3, 1])
        #expect(queue.delayedCount == 1)
    }

    @Test func `a key added now keeps its later time too`() {
        var queue = WorkQueueState<String>()
        queue.add("a", at: .seconds(10))
        queue.add("a", now: .zero)
        #expect(taken(&queue) == ["a"])
        queue.done("a")
        #expect(queue.advance(to: .seconds(10)) == 1)
    }

    @Test func `133: failures double the delay up to a limit, for that key alone, until it is forgotten`() {
        var queue = WorkQueueState<String>(backoff: Backoff(base: .seconds(1), limit: .seconds(300)))
        let delays = (0..<12).map { _ in queue.failed("a", at: .zero) }
        #expect(delays.map(\.components.seconds) == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
        #expect(queue.failed("b", at: .zero) == .seconds(1))

        queue.forget("a")
        #expect(queue.failed("a", at: .zero) == .seconds(1))
    }

    @Test func `134: when many keys fail at once they share ten attempts a second after the first hundred`() {
        var queue = WorkQueueState<String>()
        let delays = (0..<1000).map { queue.failed("k\($0)", at: .zero) }
        #expect(delays.prefix(100).allSatisfy { $0 == .seconds(1) })
        #expect(delays.last == .seconds(90))
        #expect(queue.failed("late", at: .seconds(100)) == .seconds(1), "the allowance fills up again")
        _ = (0..<1000).map { queue.failed("k\($0)", at: .seconds(100)) }
        queue.forgive()
        #expect(queue.failed("new", at: .seconds(100)) == .seconds(1))
    }

    @Test func `133: a delay never overflows`() {
        let backoff = Backoff(base: .seconds(1), limit: .seconds(300))
        for failures in [0, -1, 63, 64, 1000, .max] {
            #expect(backoff.delay(afterFailures: failures) <= .seconds(300))
        }
    }

    @Test func `139: after a shutdown nothing is handed out or taken in, and work in hand may end`() {
        var queue = WorkQueueState<String>()
        queue.add("a", now: .zero)
        queue.add("b", now: .zero)
        _ = queue.take(at: .zero)
        queue.shutDown()
        queue.add("c", now: .zero)
        queue.add("d", at: .seconds(1))

        #expect(queue.take(at: .zero) == nil)
        let comesAgain = queue.done("a")
        #expect(!comesAgain)
        #expect(queue.nextDeadline == nil)
        #expect(queue.inProgress == 0)
    }

    @Test func `140: what metrics need is counted`() {
        var queue = WorkQueueState<String>()
        queue.add("a", now: .seconds(1))
        queue.add("a", now: .seconds(2))
        queue.add("b", now: .seconds(3))
        _ = queue.failed("a", at: .zero)
        #expect(queue.adds == 2 && queue.retries == 1)

        let first = queue.take(at: .seconds(11))
        #expect(first?.key == "a" && first?.waited == .seconds(10))
        let second = queue.take(at: .seconds(13))
        #expect(second?.waited == .seconds(10))
        #expect(queue.workTimes(at: .seconds(20)).sorted() == [.seconds(7), .seconds(9)])
    }

    /// A plain model: what must hold after any sequence of calls.
    @Test(arguments: 0..<50)
    func `130, 131: no key is lost, doubled or handed out twice at once, whatever happens`(seed: UInt64) {
        let random = SeededRandom(seed)
        var queue = WorkQueueState<Int>()
        var wanted: Set<Int> = []
        var working: Set<Int> = []
        var due: [Int: Int] = [:]
        var now = 0

        for _ in 0..<2000 {
            let key = Int(random.next() % 8)
            switch random.next() % 6 {
            case 0:
                queue.add(key, priority: random.next() % 2 == 0 ? .fresh : .background, now: .seconds(now))
                wanted.insert(key)
            case 1:
                let deadline = now + Int(random.next() % 5)
                queue.add(key, at: .seconds(deadline))
                due[key] = min(due[key] ?? deadline, deadline)
            case 2:
                now += 1
                queue.advance(to: .seconds(now))
                for (key, deadline) in due where deadline <= now {
                    wanted.insert(key)
                    due[key] = nil
                }
            case 3, 4:
                if let key = queue.take(at: .seconds(now))?.key {
                    #expect(wanted.contains(key) && !working.contains(key))
                    wanted.remove(key)
                    working.insert(key)
                } else {
                    #expect(wanted.subtracting(working).isEmpty)
                }
            default:
                if working.remove(key) != nil { queue.done(key) }
            }
            #expect(queue.depth == wanted.subtracting(working).count)
            #expect(queue.inProgress == working.count)
            #expect(queue.nextDeadline == due.values.min().map { .seconds($0) })
        }
    }
}
