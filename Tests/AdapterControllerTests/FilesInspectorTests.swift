import AdapterPlanning
import Effects
import KubeAPI
import Synchronization
import TestSupport
import Testing

@testable import AdapterController

/// Looks at adapters' files, beside the plans that ask for them.
struct FilesInspectorTests {
    /// A clock that is set.
    private final class Clock: TimeSource {
        private let time = Mutex(Duration.zero)
        var now: Duration { time.withLock { $0 } }
        var unixTime: Double { 0 }

        func advance(by duration: Duration) { time.withLock { $0 += duration } }
        func sleep(for duration: Duration) async throws {}
    }

    private static let key = NamespacedName(namespace: "ns", name: "sql")
    private static let problem = SpecProblem(reason: .invalidAdapter, message: "no weights")

    @Test func `a look is awaited once, and its finding stands for a while`() async throws {
        let clock = Clock()
        let looks = Mutex<[String]>([])
        let isFaulty = Atomic(true)
        let woken = Mutex<[NamespacedName]>([])
        let inspector = FilesInspector(time: clock) { path in
            looks.withLock { $0.append(path) }
            return isFaulty.load(ordering: .relaxed) ? Self.problem : nil
        } done: { key in
            woken.withLock { $0.append(key) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await inspector.run() }
            #expect(inspector.verdict(on: "/a", for: Self.key) == .pending)
            #expect(inspector.verdict(on: "/a", for: Self.key) == .pending)
            try #require(try await eventually { woken.withLock { $0 } == [Self.key] })
            #expect(inspector.verdict(on: "/a", for: Self.key) == .faulty(Self.problem, nextLook: .seconds(30)))

            // Mended, and seen with the next look; until then the fault stands.
            isFaulty.store(false, ordering: .relaxed)
            clock.advance(by: .seconds(31))
            #expect(inspector.verdict(on: "/a", for: Self.key) == .faulty(Self.problem, nextLook: .seconds(30)))
            try #require(try await eventually { woken.withLock { $0.count } == 2 })
            #expect(inspector.verdict(on: "/a", for: Self.key) == .sound)
            #expect(looks.withLock { $0 } == ["/a", "/a"])

            // What nobody asks about is forgotten.
            inspector.forget(Self.key)
            #expect(inspector.verdict(on: "/a", for: Self.key) == .pending)
            group.cancelAll()
        }
    }
}
