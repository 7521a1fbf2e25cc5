import CurlHTTP
import Effects
import Foundation
import Logging
import Metrics
import Synchronization
import TestSupport
import Testing

@testable import LoRAOperator

/// Memory beside its limit.
struct MemoryTests {
    @Test func `147: memory is short from 80 percent of the limit on, until it is below 70`() {
        var watch = MemoryWatch(limit: 1000)
        let findings = [790, 800, 900, 710, 699, 750, 800].map { watch.look(at: $0) }
        #expect(
            findings == [
                .well, .short(isNews: true), .short(isNews: false), .short(isNews: false), .recovered, .well,
                .short(isNews: true),
            ])
    }

    @Test(arguments: [
        ("memory.max", "536870912\n", 536_870_912), ("memory.max", "max\n", nil), ("memory.max", "", nil),
        ("pod/memory.max", "1048576\n", 1_048_576), ("memory/memory.limit_in_bytes", "2097152\n", 2_097_152),
        ("memory/memory.limit_in_bytes", "9223372036854771712\n", nil), ("elsewhere", "7\n", nil),
    ])
    func `147: the limit is that of the cgroup, of either version`(file: String, text: String, limit: Int?) throws {
        let root = NSTemporaryDirectory() + "cgroup-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: root) }
        let path = "\(root)/\(file)"
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let own = "\(root)/own"
        try "1:name=systemd:/\n0::\(file.hasPrefix("pod") ? "/pod" : "/")\n".write(
            toFile: own, atomically: true, encoding: .utf8)

        #expect(MemoryGuard.limit(root: root, cgroups: own) == limit)
    }

    @Test func `147: what can be had again goes once, and that is told and counted`() async throws {
        let used = Mutex([100, 850, 900, 600, 900])
        let sheds = Mutex(0)
        let lines = Mutex<[String]>([])
        let metrics = MetricsRegistry()
        let logger = Logger(label: "test") { _ in Collector { line in lines.withLock { $0.append(line) } } }
        let memory = MemoryGuard(
            limit: 1000, metrics: metrics, time: HastyTime(), logger: logger, shed: { sheds.withLock { $0 += 1 } },
            resident: { used.withLock { $0.isEmpty ? nil : $0.removeFirst() } })

        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await memory.run() }
            #expect((try? await eventually { used.withLock { $0.isEmpty } }) == true)
            group.cancelAll()
        }

        #expect(sheds.withLock { $0 } == 2)
        #expect(
            lines.withLock { $0.map { $0.prefix(24) } } == [
                "warning memory is short;", "notice there is enough m", "warning memory is short;",
            ])
        #expect(metrics.text.contains("\nlora_operator_memory_limit_bytes 1000\n"))
        #expect(metrics.text.contains("\nlora_operator_memory_shed_total 2\n"))
    }

    @Test func `147: this process can read its own memory`() throws {
        let memory = try #require(ProcessMetrics.memory)
        #expect(memory.resident > 1e6 && memory.resident < memory.virtual)
    }
}

/// Time in which a sleep is a moment.
private struct HastyTime: TimeSource {
    var now: Duration { .zero }
    var unixTime: Double { 0 }

    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        await Task.yield()
    }
}

private struct Collector: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace
    let take: @Sendable (String) -> Void

    init(_ take: @escaping @Sendable (String) -> Void) { self.take = take }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { take("\(event.level) \(event.message)") }
}
