import FoundationEssentials
import Glibc
import OperatorSimulation

/// A copy of this program that runs some of the seeds.
@safe struct ChildProcess {
    let id: pid_t
    /// A file without a name, so that nothing is left behind and a child never waits for its reader.
    private let output: UnsafeMutablePointer<FILE>

    /// Starts this program with `arguments`; nil where the system refuses.
    init?(_ arguments: [String]) {
        guard let file = unsafe tmpfile() else { return nil }
        unsafe output = file
        _ = unsafe fcntl(fileno(file), F_SETFD, FD_CLOEXEC)
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, fileno(file), STDOUT_FILENO)
        let words = unsafe ([CommandLine.arguments.first ?? "simulate-operator"] + arguments).map { unsafe strdup($0) }
        defer { unsafe words.forEach { unsafe free($0) } }
        var child = pid_t()
        let result = unsafe posix_spawn(&child, "/proc/self/exe", &actions, nil, words + [nil], environ)
        id = child
        guard result == 0 else { return nil }
    }

    /// What it printed; to be called once, when it has ended.
    func takeLines() -> [String] {
        defer { unsafe fclose(output) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe pread(fileno(output), &buffer, buffer.count, off_t(bytes.count))
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
    }
}

/// Runs a campaign in several processes at once.
func runShards(_ options: SimulateOptions, processes: Int, progress: (Int) -> Void) -> SeedCampaign.Summary {
    // Seeds come and go in a few megabytes: giving them back to the kernel, or to the heap that all threads share, and asking
    // again costs more than keeping them.
    unsafe setenv(
        "GLIBC_TUNABLES",
        "glibc.malloc.trim_threshold=536870912:glibc.malloc.top_pad=16777216:glibc.malloc.mmap_threshold=33554432:"
            + "glibc.malloc.tcache_count=4000", 0)
    var shards = SeedShards(options, processes: processes)
    var running: [pid_t: (shard: SeedShards.Shard, child: ChildProcess)] = [:]
    while true {
        while running.count < processes, let shard = shards.next() {
            guard let child = ChildProcess(options.arguments(of: shard)) else { complain("cannot start a process") }
            running[child.id] = (shard, child)
        }
        guard !running.isEmpty else { return shards.summary }
        var status: CInt = 0
        let id = unsafe waitpid(-1, &status, 0)
        guard let (shard, child) = running.removeValue(forKey: id) else { complain("lost a process") }
        var lines = child.takeLines()
        while lines.last?.isEmpty == true { lines.removeLast() }
        let summary = lines.popLast().flatMap { SeedCampaign.Summary(tally: $0) }
        // 1 says that a seed failed; anything else, that the process did not come to its end.
        guard let summary, status == 0 || status == 1 << 8 else {
            for line in lines { print(line) }
            complain("the process for seeds \(shard.first) to \(shard.first + shard.seeds - 1) broke off")
        }
        for line in shards.take(SeedShards.Result(lines: lines, summary: summary), of: shard) { print(line) }
        fflush(nil)
        progress(shards.summary.runs)
    }
}

extension SimulateOptions {
    /// What the process for a part of the seeds is told.
    fileprivate func arguments(of shard: SeedShards.Shard) -> [String] {
        var words = ["--scenario", scenario, "--first", String(shard.first), "--seeds", String(shard.seeds)]
        switch crashes {
        case .none: break
        case .at(let point): words += ["--crash", point.description]
        case .all: words += ["--crash", "all"]
        }
        return words + (keepsGoing ? ["--keep-going"] : []) + ["--processes", "1", "--tally"]
    }
}
