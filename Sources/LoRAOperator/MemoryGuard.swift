import CMalloc
import Effects
import FoundationEssentials
import Logging
import Metrics

/// Looks at the process's memory beside what its cgroup allows, and lets go of what can be had again before it runs out.
struct MemoryGuard: Sendable {
    private static let limits = MetricFamily(
        "lora_operator_memory_limit_bytes", .gauge, "What the cgroup allows the process, in bytes.")
    private static let sheds = MetricFamily(
        "lora_operator_memory_shed_total", .counter,
        "Times that memory was short and the operator let go of what it can have again.")
    private static let interval = Duration.seconds(10)

    let limit: Int
    let metrics: MetricsRegistry
    let time: any TimeSource
    let logger: Logger
    /// Lets go of what can be had again.
    let shed: @Sendable () -> Void
    /// Resident memory in bytes; nil where it cannot be read.
    var resident: @Sendable () -> Int? = { ProcessMetrics.memory.map { Int($0.resident) } }

    /// Looks until cancelled.
    func run() async throws {
        var watch = MemoryWatch(limit: limit)
        let limit = Double(limit)
        metrics.collect { [MetricSample(Self.limits, limit)] }
        metrics.count(Self.sheds, by: 0)
        while true {
            if let used = resident() { act(on: watch.look(at: used), used) }
            try await time.sleep(for: Self.interval)
        }
    }

    private func act(on finding: MemoryWatch.Finding, _ used: Int) {
        let metadata: Logger.Metadata = ["memory.used": "\(used)", "memory.limit": "\(limit)"]
        switch finding {
        case .well: return
        case .recovered: logger.notice("there is enough memory again", metadata: metadata)
        case .short(let isNews):
            if isNews {
                logger.warning(
                    "memory is short; raise the limit, or watch fewer namespaces with --namespace", metadata: metadata)
                metrics.count(Self.sheds)
                // Once: what is decoded from now on would be kept twice as often.
                shed()
            }
            // What was freed since goes back each time.
            malloc_trim(0)
        }
    }

    /// The limit of the process's cgroup in bytes, of version 2 or 1; nil where there is none.
    static func limit(root: String = "/sys/fs/cgroup", cgroups: String = "/proc/self/cgroup") -> Int? {
        let lines = (try? String(contentsOfFile: cgroups, encoding: .utf8))?.split(separator: "\n") ?? []
        // Inside a container the path is that of the host, or `/`: both are tried.
        let unified = lines.first { $0.hasPrefix("0::") }.map { String($0.dropFirst(3)) } ?? "/"
        let files = ["\(root)\(unified)/memory.max", "\(root)/memory.max", "\(root)/memory/memory.limit_in_bytes"]
        for file in files {
            guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { continue }
            let limit = Int(text.prefix { $0.isNumber })
            // `max`, or version 1's way to say so.
            return limit.flatMap { (1..<(1 << 60)).contains($0) ? $0 : nil }
        }
        return nil
    }
}
