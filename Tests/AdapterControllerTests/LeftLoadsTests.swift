import AdapterPlanning
import Testing

@testable import AdapterController

@Suite struct LeftLoadsTests {
    private func connection(_ owner: String = "a", key: String? = nil) -> Connection {
        let service = AdapterSpec.ServiceReference(name: "vllm")
        let reference = key.map { AdapterSpec.KeyReference(name: $0, key: "token") }
        let server = Server(id: ServerID(owner: owner, port: 8000), name: owner, address: "10.0.0.1")
        var target = AdapterSpec.Target(service: service)
        target.apiKeySecretRef = reference
        return Connection(server, target, namespace: "ns")
    }

    private func load(_ outcome: Attempt.Outcome = .unknown, endedAt: Int = 0) -> Attempt {
        Attempt(.load, path: "/sql", outcome: outcome, endedAt: .seconds(endedAt))
    }

    @Test func `loads of unknown outcome go once to whoever comes to the same server, by any way`() {
        var left = LeftLoads()
        let unload = Attempt(.unload, path: "/old", outcome: .unknown)
        let attempts = ["sql": load(), "law": load(.answered), "old": unload]
        left.add(attempts, of: connection(), now: .zero)
        #expect(left.take(for: connection("b"), now: .zero).isEmpty)
        #expect(left.take(for: connection(key: "key"), now: .zero) == [["sql": load()]])
        #expect(left.take(for: connection(), now: .zero).isEmpty)
    }

    @Test func `they are forgotten as their look-up ends`() {
        var left = LeftLoads()
        left.add(["sql": load(), "law": load(endedAt: 1)], of: connection(), now: .seconds(1))
        #expect(left.take(for: connection(), now: .seconds(600)) == [["law": load(endedAt: 1)]])
    }
}
