import Effects
import KubeAPI
import Synchronization
import TestSupport
import Testing

struct ContactTests {
    private let key = NamespacedName(namespace: "demo", name: "sql")

    private static let gone: ScriptedTransport.Answer = { _ in throw HTTPFailure(.connectionRefused, "nobody") }
    private static let missing: ScriptedTransport.Answer = { _ in .json(statusBody(404, "NotFound"), status: 404) }
    private static let unavailable: ScriptedTransport.Answer = { _ in HTTPResponse(status: 503, body: []) }

    /// How often the server was seen to return while it answered like this.
    private func returns(_ answers: [ScriptedTransport.Answer]) async -> Int {
        let script = ScriptedClient(answers)
        let count = Mutex(0)
        script.client.contact.onReturn { count.withLock { $0 += 1 } }
        for _ in answers { _ = await script.error { try await $0.get(TestAdapter.self, self.key) } }
        return count.withLock { $0 }
    }

    @Test func `79: an answer after silence is a return, whatever it says`() async {
        #expect(await returns([Self.gone, Self.gone, Self.missing, Self.missing]) == 1)
        #expect(
            await returns([Self.unavailable, Self.gone, Self.gone, Self.missing, Self.gone, Self.gone, Self.missing])
                == 2)
    }

    @Test func `79: one request in trouble of its own is no loss, nor are answers that never ceased`() async {
        #expect(await returns([Self.missing, Self.gone, Self.missing, Self.gone, Self.missing]) == 0)
        #expect(await returns([Self.missing, Self.missing]) == 0)
    }
}
