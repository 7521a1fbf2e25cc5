import Foundation
import TestSupport
import Testing

/// The process of `lora-operator local --state`, killed.
@Suite(.timeLimit(.minutes(10)))
struct LocalStateTests {
    /// How often the process is killed; LORA_OPERATOR_KILLS says it, and else a busy machine may do fewer.
    private static let asked = ProcessInfo.processInfo.environment["LORA_OPERATOR_KILLS"].flatMap { Int($0) }
    private static let limit = Duration.seconds(30)

    private static let span = ProcessInfo.processInfo.environment["LORA_OPERATOR_LIFE"].flatMap { Double($0) } ?? 2.5

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
                    local.span = Self.span
                    if Self.asked != nil { local.pause = .zero }
                    let began = ContinuousClock.now
                    var kills = 0
                    while kills < Self.asked ?? 200, Self.asked != nil || kills < 8 || .now - began < Self.limit {
                        try await local.liveAndDie()
                        kills += 1
                    }
                    // On a busy machine most die before they are asked anything.
                    #expect(
                        local.answered > kills / (Self.asked == nil ? 20 : 4),
                        "\(local.answered) lives, \(local.writes) writes")

                    try await local.live { api, wanted in
                        let entries = wanted.map { "\($0)=\($1)" }.sorted()
                        for server in [first, second] {
                            let isThere = try await eventually(within: .seconds(40)) { server.holds == entries }
                            let found = try await api.list("loraadapters").map { Adapter(json: $0).description }
                            try #require(
                                isThere, "\(server.holds), not \(entries): \(found.joined(separator: "\n"))")
                        }
                        for name in wanted.keys.sorted() { try await api.delete("loraadapters", name) }
                        #expect(try await eventually { try await api.list("loraadapters").isEmpty })
                        #expect(first.holds == [] && second.holds == [], "nothing is left on a server")
                    }
                    #expect(first.repeatedLoads == [] && second.repeatedLoads == [])
                    print(
                        "\(kills) kills (start \(local.startTime)): \(local.answered) lives answered, \(local.writes) writes"
                    )
                }
            }
        }
    }
}
