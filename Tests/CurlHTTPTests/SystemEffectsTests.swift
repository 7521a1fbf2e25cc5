import CurlHTTP
import Effects
import Foundation
import Testing

struct SystemEffectsTests {
    @Test func `time goes on and the calendar agrees with the system's`() async throws {
        let time = SystemTime()
        let before = time.now
        try await time.sleep(for: .milliseconds(20))
        #expect(time.now - before >= .milliseconds(20))
        #expect(abs(time.unixTime - Date().timeIntervalSince1970) < 5)
    }

    @Test func `sleep ends with its task`() async throws {
        let task = Task { try await SystemTime().sleep(for: .seconds(3600)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `random numbers differ`() {
        #expect(Set((0..<100).map { _ in SystemRandom().next() }).count == 100)
    }
}
