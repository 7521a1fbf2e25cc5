import DynamicJSON
import Effects
import KubeAPI
import KubeRuntime
import Logging
import TestSupport
import Testing

struct LeaderElectorTests {
    let time: VirtualTime
    let server: LeaseServer
    let journal = Collected<String>()

    init() {
        time = VirtualTime()
        server = LeaseServer(time: time)
    }

    func elector(_ name: String, over transport: ScriptedTransport? = nil) throws -> LeaderElector {
        let effects = Effects(
            http: transport ?? server.transport, time: time, random: SeededRandom(UInt64(name.utf8.count)))
        let client = KubeClient(
            configuration: KubeConfiguration(server: "https://api"), effects: effects, userAgent: name)
        return LeaderElector(
            configuration: try LeaseConfiguration(
                lease: NamespacedName(namespace: "ns", name: "op"), identity: name),
            client: client, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            onLoss: { [journal] _ in journal.append("\(name) lost") })
    }

    /// Leads for a time, noting when.
    func lead(_ elector: LeaderElector, _ name: String, for duration: Duration) async {
        let (time, journal) = (time, journal)
        do {
            try await elector.run {
                journal.append("\(name) leads at \(time.now.components.seconds)")
                try await time.sleep(for: duration)
                journal.append("\(name) done at \(time.now.components.seconds)")
            }
        } catch is CancellationError {
        } catch { journal.append("\(name): \(error)") }
    }

    /// Lets `a`, and `b` where there is one, each lead for as long, while `story` happens; ends with all of them, or after
    /// `limit`.
    func run(
        _ a: LeaderElector, _ b: LeaderElector? = nil, for duration: Duration = .seconds(1000),
        limit: Duration = .seconds(400),
        while story: @escaping @Sendable () async throws -> Void = {}
    ) throws {
        try time.run(for: limit) {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await lead(a, "a", for: duration) }
                if let b { group.addTask { await lead(b, "bb", for: duration) } }
                try? await story()
            }
        }
    }

    /// Notes for ever when both lead.
    private func watch(_ a: LeaderElector, _ b: LeaderElector) async throws {
        while true {
            if a.isLeading && b.isLeading { journal.append("both at \(time.now)") }
            try await time.sleep(for: .milliseconds(100))
        }
    }

    @Test(arguments: [
        (15, 15, 2), (10, 15, 2), (15, 2, 2), (15, 10, 0), (15, 10, 9),
    ])
    func `116: times that cannot work are refused`(lease: Int, renew: Int, retry: Int) {
        #expect(throws: LeaseConfiguration.Invalid.self) {
            try LeaseConfiguration(
                lease: NamespacedName(namespace: "n", name: "l"), identity: "i", leaseDuration: .seconds(lease),
                renewDeadline: .seconds(renew), retryPeriod: .seconds(retry))
        }
    }

    @Test func `121: whoever is alone leads at once, renews, and gives the lease back`() throws {
        let elector = try elector("a")
        let (server, journal) = (server, journal)
        try time.run {
            await lead(elector, "a", for: .seconds(60))
            journal.append("holder \(server.holder ?? "none")")
        }

        #expect(journal.all == ["a leads at 0", "a done at 60", "holder none"])
        #expect(server.log.count { $0 == "a PATCH" } == 30, "29 renewals and the release")
        #expect(server.spec?["leaseTransitions"] == 0)
        #expect(!elector.isLeading)
    }

    @Test func `122: of two who start together exactly one leads, and the other follows a release at once`() throws {
        let (a, b) = (try elector("a"), try elector("bb"))
        try run(a, b, for: .seconds(60))

        let lines = journal.all
        #expect(lines.count == 4)
        #expect(lines[0].hasSuffix("leads at 0") && lines[1].hasSuffix("done at 60"))
        #expect(lines[2].contains("leads at 6"), "within one retry: \(lines)")
        #expect(server.spec?["leaseTransitions"] == 1)
    }

    @Test func `120: a standby follows by a watch, and takes a lease the moment it runs out`() throws {
        let (a, b) = (try elector("a"), try elector("bb"))
        let (time, server) = (time, server)
        try run(a, b, limit: .seconds(90)) {
            try await time.sleep(for: .seconds(60))
            server.change { $0.cutOff = ["a"] }
        }
        let lines = journal.all
        let second = try #require(lines.first { $0.hasPrefix("bb leads at ") })
        let start = try #require(Int(second.dropFirst("bb leads at ".count)))
        // The last renewal was between 58 and 60.
        #expect((73...76).contains(start), "\(lines)")
        let asked = server.log.filter { $0.hasPrefix("bb") }
        #expect(asked.count { $0 == "bb WATCH" } <= 2)
        #expect(asked.count { $0 == "bb GET" } <= 4, "at rest it asks for nothing: \(asked)")
    }

    @Test func `117, 118: when the leader is cut off, its gate closes before another one opens`() throws {
        let (a, b) = (try elector("a"), try elector("bb"))
        let (time, server) = (time, server)
        try run(a, b, limit: .seconds(120)) {
            try await time.sleep(for: .seconds(31))
            server.change { $0.cutOff = ["a"] }
            try await watch(a, b)
        }

        #expect(journal.all.prefix(2) == ["a leads at 0", "a lost"])
        #expect(!journal.all.contains { $0.hasPrefix("both") })
        let second = try #require(journal.all.first { $0.hasPrefix("bb leads at ") })
        let start = try #require(Int(second.dropFirst("bb leads at ".count)))
        #expect((45...50).contains(start))
    }

    @Test func `119: a request that hangs does not keep leadership alive`() throws {
        let a = try elector("a")
        let (time, server) = (time, server)
        try run(a, limit: .seconds(60)) {
            try await time.sleep(for: .seconds(5))
            server.change { $0.hung = ["a"] }
        }
        #expect(journal.all == ["a leads at 0", "a lost", "a: the lease was not renewed within 10.0 seconds"])
    }

    @Test(arguments: [Duration.seconds(4), .milliseconds(4900)])
    func `O6: who is answered slowly, but within half of the renew deadline, goes on leading`(latency: Duration) throws
    {
        let a = try elector("a")
        let (time, server) = (time, server)
        try run(a, for: .seconds(300)) {
            try await time.sleep(for: .seconds(5))
            server.slow(to: latency)
        }
        #expect(journal.all == ["a leads at 0", "a done at 300"])
    }

    @Test(arguments: [9, 11])
    func `O6, 118: who is answered later has stopped before another one leads`(latency: Int) throws {
        let (a, b) = (try elector("a"), try elector("bb"))
        let (time, server) = (time, server)
        try run(a, b, limit: .seconds(120)) {
            try await time.sleep(for: .seconds(31))
            server.slow(to: .seconds(latency))
            async let watching: Void = watch(a, b)
            try await time.sleep(for: .seconds(30))
            server.slow(to: .zero)
            try await watching
        }
        #expect(journal.all.prefix(2) == ["a leads at 0", "a lost"])
        #expect(journal.all.count { $0.hasPrefix("bb leads") } == 1)
        #expect(!journal.all.contains { $0.hasPrefix("both") })
    }

    @Test func `118: the gate refuses effects while nobody leads`() throws {
        let a = try elector("a")
        #expect(throws: HTTPFailure.self) { try a.gate.check() }
        try time.run {
            try await a.run { try a.gate.check() }
        }
        #expect(throws: HTTPFailure.self) { try a.gate.check() }
    }

    @Test func `123: a lease that somebody labelled is read again and renewed`() throws {
        let a = try elector("a")
        let (time, server) = (time, server)
        try run(a, for: .seconds(60)) {
            try await time.sleep(for: .seconds(5))
            server.change { _ in }
        }
        #expect(journal.all == ["a leads at 0", "a done at 60"])
    }

    @Test func `124: a lease that was deleted is made again, one that was given away is lost`() throws {
        let a = try elector("a")
        let (time, server) = (time, server)
        try run(a, for: .seconds(60)) {
            try await time.sleep(for: .seconds(5))
            server.change { $0.spec = nil }
            try await time.sleep(for: .seconds(5))
            #expect(server.holder == "a")
            server.change { $0.spec?["holderIdentity"] = "boss" }
        }
        #expect(journal.all == ["a leads at 0", "a lost", "a: boss holds the lease"])
        #expect(server.holder == "boss", "121: the successor's lease is left alone")
    }

    @Test func `121: a release never touches a successor`() throws {
        let a = try elector("a")
        let (time, server) = (time, server)
        try run(a, for: .seconds(5)) {
            try await time.sleep(for: .milliseconds(4900))
            server.change { $0.spec?["holderIdentity"] = "next" }
        }
        #expect(server.holder == "next")
    }

    @Test func `91: a write whose answer was lost still leads, after it was read`() throws {
        let a = try elector("a")
        let (time, server) = (time, server)
        server.change { $0.deaf = ["a"] }
        try run(a, for: .seconds(10)) {
            try await time.sleep(for: .seconds(1))
            #expect(!a.isLeading)
            server.change { $0.deaf = [] }
        }
        #expect(journal.all.last?.hasPrefix("a done") == true)
    }

    @Test func `117: a stale lease is waited for by the local clock, whatever its times say`() throws {
        server.change {
            $0.spec = [
                "holderIdentity": "gone", "leaseDurationSeconds": 7, "renewTime": "2001-01-01T00:00:00.000000Z",
                "acquireTime": "2001-01-01T00:00:00.000000Z", "leaseTransitions": 4,
            ]
        }
        let a = try elector("a")
        try run(a, for: .seconds(1))

        let start = try #require(journal.all.first.flatMap { Int($0.dropFirst("a leads at ".count)) })
        #expect((7...12).contains(start), "the duration of the record counts")
        #expect(server.spec?["leaseTransitions"] == 5)
    }

    @Test func `127: a leader that hangs longer than anybody waits is unhealthy`() throws {
        let a = try elector("a")
        #expect(a.isHealthy)
        let time = time
        try time.run {
            try await a.run {
                // The lease lasts for 15 s, and a request for 5 s.
                time.stop(for: .seconds(19))
                #expect(a.isHealthy)
                time.stop(for: .seconds(2))
                #expect(!a.isHealthy)
            }
        }
        #expect(a.isHealthy)
    }
}
