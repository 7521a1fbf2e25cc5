import DynamicJSON
import Effects
import KubeRuntime
import TestSupport
import Testing

extension LeaderElectorTests {
    @Test func `120: every request of an elector has a connection of its own, and half of the renew deadline`() throws {
        let transport = server.transport
        let elector = try elector("a", over: transport)
        try time.run { await lead(elector, "a", for: .seconds(20)) }

        #expect(transport.requests.count > 8)
        for request in transport.requests {
            #expect(request.options.connection == .own("lease"))
            #expect(request.options.totalTimeout == .seconds(5))
            #expect(request.options.connectTimeout <= .seconds(5))
        }
    }

    @Test func `128: renewals keep the time of the takeover, and a takeover counts`() throws {
        let (a, b) = (try elector("a"), try elector("bb"))
        let (time, journal, server) = (time, journal, server)
        try run(a, b, for: .seconds(60), limit: .seconds(100)) {
            for second in [1, 50, 90] {
                try await time.sleep(for: .seconds(second) - time.now)
                let (spec, holder) = (server.spec ?? [:], server.holder ?? "")
                guard case .string(let acquired)? = spec["acquireTime"], case .string(let renewed)? = spec["renewTime"],
                    case .int(let transitions)? = spec["leaseTransitions"]
                else { continue }
                journal.append("\(holder) \(acquired.suffix(11).prefix(3)) \(renewed > acquired) \(transitions)")
            }
        }
        let seen = journal.all.filter { $0.contains("true") || $0.contains("false") }
        #expect(seen.count == 3)
        #expect(seen.map { $0.split(separator: " ").last } == ["0", "0", "1"])
        #expect(seen[1] == seen[0].replacing("false", with: "true"))
    }

    @Test func `118: the gate is open until ten seconds after a renewal was sent, however late its answer came`() throws
    {
        let a = try elector("a")
        let (time, server, journal) = (time, server, journal)
        try run(a, limit: .seconds(40)) {
            try await time.sleep(for: .seconds(5))
            server.slow(to: .seconds(4))
            // Renewals leave at 6, 10, 14, 18 and 22, and the last of them is answered at 26.
            try await time.sleep(for: .seconds(20))
            server.change { $0.hung = ["a"] }
            for half in [63, 65] {
                try await time.sleep(for: .milliseconds(500 * half) - time.now)
                journal.append("\(half) \(a.isLeading)")
            }
        }
        #expect(journal.all.filter { !$0.hasPrefix("a") } == ["63 true", "65 false"])
    }
}
