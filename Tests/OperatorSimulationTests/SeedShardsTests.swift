import OperatorSimulation
import Testing

@Suite struct SeedShardsTests {
    @Test func `every seed is in exactly one shard`() throws {
        var shards = SeedShards(try options("--first", "7", "--seeds", "103"), processes: 2)
        var seeds: [UInt64] = []
        while let shard = shards.next() { seeds += shard.first..<shard.first + shard.seeds }
        #expect(seeds == Array(7..<110))
    }

    @Test func `the last shards are single seeds, so that no process works on alone for long`() throws {
        var shards = SeedShards(try options("--seeds", "2000"), processes: 2)
        var sizes: [UInt64] = []
        while let shard = shards.next() { sizes.append(shard.seeds) }
        #expect(sizes.first == 25)
        #expect(sizes == sizes.sorted(by: >))
        #expect(sizes.suffix(8) == [1, 1, 1, 1, 1, 1, 1, 1])
        #expect(sizes.count < 130)
    }

    @Test func `what processes say is shown in the order of the seeds`() throws {
        var shards = SeedShards(try options("--seeds", "100", "--keep-going"), processes: 2)
        let parts = [shards.next(), shards.next()].compactMap(\.self)
        try #require(parts.count == 2)
        #expect(shards.take(result("second", failures: 1), of: parts[1]).isEmpty)
        #expect(shards.take(result("first", failures: 1), of: parts[0]) == ["first", "second"])
        #expect(shards.summary.failures == 2)
        #expect(shards.next() != nil)
    }

    @Test func `after a failure nothing later is started or shown`() throws {
        var shards = SeedShards(try options("--seeds", "100"), processes: 2)
        let parts = [shards.next(), shards.next()].compactMap(\.self)
        try #require(parts.count == 2)
        #expect(shards.take(result("second"), of: parts[1]).isEmpty)
        #expect(shards.take(result("first", failures: 1), of: parts[0]) == ["first"])
        #expect(shards.summary.runs == 1)
        #expect(shards.next() == nil)
    }

    @Test func `a tally is read as it was written`() {
        let summary = SeedCampaign.Summary(runs: 25, failures: 1, steps: 1_000, virtualTime: .seconds(3_600))
        #expect(SeedCampaign.Summary(tally: summary.tally) == summary)
        #expect(SeedCampaign.Summary(tally: "seed 3 failed:") == nil)
    }

    private func options(_ arguments: String...) throws -> SimulateOptions {
        try SimulateOptions(arguments, scenarios: ["picky"])
    }

    private func result(_ line: String, failures: Int = 0) -> SeedShards.Result {
        SeedShards.Result(lines: [line], summary: SeedCampaign.Summary(runs: 1, failures: failures))
    }
}
