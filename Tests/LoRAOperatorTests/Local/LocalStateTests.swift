import Foundation
import TestSupport
import Testing

/// The process of `lora-operator local --state`, killed.
@Suite(.timeLimit(.minutes(10)))
struct LocalStateTests {
    /// How often the process is killed; LORA_OPERATOR_KILLS says it.
    private static let kills = ProcessInfo.processInfo.environment["LORA_OPERATOR_KILLS"].flatMap { Int($0) } ?? 200

    @Test func `killed at random moments, it loses nothing and loads nothing again that is there`() async throws {
        let (first, second) = (WatchfulServer(), WatchfulServer())
        let network = "\(SimulatedAPIServer.loopbackNetwork).254"
        try await first.serve(at: "\(network).1") { firstURL in
            try await second.serve(at: "\(network).2") { secondURL in
                try await withTemporaryDirectory { directory in
                    var local = KilledLocal(
                        arguments: [
                            "local", "--vllm", firstURL, "--vllm", secondURL, "--state", "\(directory)/state",
                            "--probe-interval", "200ms",
                        ], directory: directory, seed: 7)
                    try await local.begin()
                    for _ in 0..<Self.kills { try await local.liveAndDie() }
                    #expect(local.answered > Self.kills / 4, "\(local.answered) lives, \(local.writes) writes")
                    #expect(local.writes > Self.kills)

                    try await local.live { api, wanted in
                        let entries = wanted.map { "\($0)=\($1)" }.sorted()
                        for server in [first, second] {
                            try #require(
                                try await eventually { server.holds == entries }, "\(server.holds), not \(entries)")
                        }
                        for name in wanted.keys.sorted() { try await api.delete("loraadapters", name) }
                        #expect(try await eventually { try await api.list("loraadapters").isEmpty })
                        #expect(first.holds == [] && second.holds == [], "nothing is left on a server")
                    }
                    #expect(first.repeatedLoads == [] && second.repeatedLoads == [])
                    print(
                        "\(Self.kills) kills (start \(local.startTime)): \(local.answered) lives answered, \(local.writes) writes"
                    )
                }
            }
        }
    }
}
