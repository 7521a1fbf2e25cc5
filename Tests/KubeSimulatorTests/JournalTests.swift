import DynamicJSON
import Effects
import KubeSimulator
import Synchronization
import Testing

struct JournalTests {
    /// Takes records until it is full.
    private final class Disk: Journal {
        let isFull = Atomic(false)

        struct Full: Error, CustomStringConvertible {
            var description: String { "No space left on device" }
        }

        func append(_ record: JSONValue, everything: () -> JSONValue) throws {
            if isFull.load(ordering: .relaxed) { throw Full() }
        }
    }

    @Test func `a change that cannot be kept is none, and its refusal says why`() async throws {
        let disk = Disk()
        let simulator = try makeSimulator()
        try simulator.keep(in: disk)
        disk.isFull.store(true, ordering: .relaxed)

        let refusal = try await simulator.ask(.post, adapters, adapter("a"))
        #expect(refusal.status == 500)
        #expect(refusal.text.contains("No space left on device"), "\(refusal.text)")
        #expect(try await simulator.ask(.get, "\(adapters)/a").status == 404)

        disk.isFull.store(false, ordering: .relaxed)
        #expect(try await simulator.ask(.post, adapters, adapter("a")).status == 201)
    }
}
