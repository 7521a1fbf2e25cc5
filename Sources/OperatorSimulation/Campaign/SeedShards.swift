/// Splits a range of seeds among processes, and puts together what they say as if one had run them all.
package struct SeedShards: Sendable {
    /// A part of the range, for one process.
    package struct Shard: Hashable, Sendable {
        package var index: Int
        package var first: UInt64
        package var seeds: UInt64
    }

    /// What a process said of its shard.
    package struct Result: Hashable, Sendable {
        /// Its lines for people.
        package var lines: [String]
        package var summary: SeedCampaign.Summary

        package init(lines: [String], summary: SeedCampaign.Summary) {
            self.lines = lines
            self.summary = summary
        }
    }

    private let options: SimulateOptions
    private let processes: UInt64
    private var nextFirst: UInt64
    private var started = 0
    private var waiting: [Int: Result] = [:]
    private var taken = 0

    /// What was taken so far.
    package private(set) var summary = SeedCampaign.Summary()

    package init(_ options: SimulateOptions, processes: Int) {
        self.options = options
        self.processes = UInt64(max(processes, 1))
        nextFirst = options.first
    }

    /// A failure ends the campaign, unless it is to go on.
    private var hasEnded: Bool { summary.failures > 0 && !options.keepsGoing }

    /// The next part to start, nil when there is none left.
    ///
    /// The fewer seeds are left the smaller, so that all processes end at the same time; starting one costs about as much as
    /// a tenth of a seed.
    package mutating func next() -> Shard? {
        let left = options.first + options.seeds - nextFirst
        guard left > 0, !hasEnded else { return nil }
        let size = min(max(left / processes / 4, 1), 25)
        let shard = Shard(index: started, first: nextFirst, seeds: min(size, left))
        started += 1
        nextFirst += shard.seeds
        return shard
    }

    /// Takes a result, and returns the lines that can be shown now: in the order of the seeds, whoever was first.
    package mutating func take(_ result: Result, of shard: Shard) -> [String] {
        waiting[shard.index] = result
        var lines: [String] = []
        while !hasEnded, let next = waiting.removeValue(forKey: taken) {
            taken += 1
            lines += next.lines
            summary.add(next.summary)
        }
        return lines
    }
}

extension SeedCampaign.Summary {
    fileprivate mutating func add(_ other: Self) {
        runs += other.runs
        failures += other.failures
        crashes += other.crashes
        steps += other.steps
        virtualTime += other.virtualTime
    }

    /// The last line of a process that runs a shard.
    package var tally: String { "tally \(runs) \(failures) \(crashes) \(steps) \(virtualTime.components.seconds)" }

    /// Reads a ``tally``.
    package init?(tally: some StringProtocol) {
        let words = tally.split(separator: " ")
        guard words.count == 6, words[0] == "tally", let runs = Int(words[1]), let failures = Int(words[2]),
            let crashes = Int(words[3]), let steps = Int(words[4]), let seconds = Int64(words[5])
        else { return nil }
        self.init(runs: runs, failures: failures, crashes: crashes, steps: steps, virtualTime: .seconds(seconds))
    }
}
