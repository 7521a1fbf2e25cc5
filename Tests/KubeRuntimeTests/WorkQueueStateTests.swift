import KubeRuntime
import Testing

struct WorkQueueStateTests {
    private func taken(_ queue: inout WorkQueueState<String>) -> [String] {
        var keys: [String] = []
        while let key = queue.take() { keys.append(key) }
        return keys
    }

    @Test func `130: a key added many times is handed out once`() {
        var queue = WorkQueueState<String>()
        for _ in 0..<3 { queue.add("a") }
        queue.add("b")
        #expect(queue.depth == 2)
        #expect(taken(&queue) == ["a", "b"])
        #expect(queue.depth == 0)
    }

    @Test func `130, 131: a key added while in progress comes once more afterwards, and not before`() {
        var queue = WorkQueueState<String>()
        queue.add("a")
        #expect(queue.take() == "a")
        queue.add("a")
        queue.add("a")
        #expect(queue.take() == nil)
        #expect(queue.depth == 0)

        let comesAgain = queue.done("a")
        #expect(comesAgain)
        #expect(taken(&queue) == ["a"])
        let comesThrice = queue.done("a")
        #expect(!comesThrice)
        #expect(queue.take() == nil)
    }

    @Test func `130: a key can be added again after it is done`() {
        var queue = WorkQueueState<String>()
        queue.add("a")
        _ = queue.take()
        queue.done("a")
        queue.add("a")
        #expect(queue.take() == "a")
    }

    @Test func `69: fresh keys go first, each priority in the order of coming`() {
        var queue = WorkQueueState<Int>()
        for key in 0..<4 { queue.add(key, priority: .background) }
        queue.add(10)
        queue.add(2)
        queue.add(3, priority: .background)
        var order: [Int] = []
        while let key = queue.take() { order.append(key) }
        #expect(order == [10, 2, 0, 1, 3])
    }

    @Test func `69: a key that waits as fresh is not set back`() {
        var queue = WorkQueueState<Int>()
        queue.add(1)
        queue.add(1, priority: .background)
        queue.add(2)
        #expect(queue.take() == 1)
        queue.done(1)
        #expect(queue.take() == 2)
        #expect(queue.take() == nil)
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
        while let key = queue.take() { order.append(key) }
        #expect(order == [2, 4, 3, 1])
        #expect(queue.delayedCount == 1)
    }

    @Test func `a key added now keeps its later time too`() {
        var queue = WorkQueueState<String>()
        queue.add("a", at: .seconds(10))
        queue.add("a")
        #expect(taken(&queue) == ["a"])
        queue.done("a")
        #expect(queue.advance(to: .seconds(10)) == 1)
    }

    @Test func `133: failures double the delay up to a limit, for that key alone, until it is forgotten`() {
        var queue = WorkQueueState<String>(backoff: Backoff(base: .seconds(1), limit: .seconds(300)))
        let delays = (0..<12).map { _ in queue.failed("a") }
        #expect(delays.map(\.components.seconds) == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
        #expect(queue.failed("b") == .seconds(1))

        queue.forget("a")
        #expect(queue.failed("a") == .seconds(1))
    }

    @Test func `133: a delay never overflows`() {
        let backoff = Backoff(base: .seconds(1), limit: .seconds(300))
        for failures in [0, -1, 63, 64, 1000, .max] {
            #expect(backoff.delay(afterFailures: failures) <= .seconds(300))
        }
    }

    @Test func `139: after a shutdown nothing is handed out or taken in, and work in hand may end`() {
        var queue = WorkQueueState<String>()
        queue.add("a")
        queue.add("b")
        _ = queue.take()
        queue.shutDown()
        queue.add("c")
        queue.add("d", at: .seconds(1))

        #expect(queue.take() == nil)
        let comesAgain = queue.done("a")
        #expect(!comesAgain)
        #expect(queue.nextDeadline == nil)
        #expect(queue.inProgress == 0)
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
                queue.add(key, priority: random.next() % 2 == 0 ? .fresh : .background)
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
                if let key = queue.take() {
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
