import ArgumentParser
import CurlHTTP
import Foundation

/// Measures the operator's own process on simulated fleets of several sizes; `make bench` runs it.
@main
struct FleetBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "bench-fleet")

    @Option(help: "The lora-operator binary to measure.")
    var `operator`: String

    @Option(help: "Sizes as adapters x servers @ milliseconds of a load / replicas, like 1000x10@50 or 10000x100@0/10.")
    var size: [String] = ["100x10@0", "100x10@50", "1000x10@0", "1000x10@50", "1000x100@0", "10000x100@0/10"]

    @Option(help: "Seconds at rest to watch the operator.")
    var rest = 60

    @Option(help: "Objects whose cache is measured in a standby, after the sizes (repeatable).")
    var objects: [Int] = []

    @Option(help: "Write the figures as JSON to this file.")
    var json: String?

    @Option(help: "Compare with the figures of an earlier run in this file.")
    var compare: String?

    @Option(help: "Draw cost against size, as SVG, into this file.")
    var plot: String?

    @Option(help: "Where the operator's log goes.")
    var log = "/tmp/lora-operator-bench.log"

    @Option(help: "More flags for the operator, separated by blanks.")
    var flags = ""

    func run() async throws {
        let signals = OperatorProcess.endWithThisProcess()
        defer { for signal in signals { signal.cancel() } }
        let saved = try compare.map { path in
            try JSONDecoder().decode([Figures].self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        }
        var runs: [Figures] = []
        func add(_ run: Figures) {
            print(table([run], saved: saved ?? []))
            fflush(nil)
            runs.append(run)
        }
        for text in size {
            let scenario = try scenario(text)
            add(
                try await onStage(servers: scenario.servers, loadDuration: scenario.loadDuration) { stage, start in
                    try await scenario.measure(on: stage) { try start([]) }
                })
        }
        for count in objects {
            for streams in [false, true] {
                add(
                    try await onStage(servers: 1, loadDuration: .zero, streamsLists: streams) { stage, start in
                        try await WarmUp(objects: count, streams: streams, time: SystemTime()).measure(on: stage, start)
                    })
            }
        }
        if let plot { try Plot(runs: runs).svg.write(toFile: plot, atomically: true, encoding: .utf8) }
        if let json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(runs).write(to: URL(fileURLWithPath: json))
        }
    }

    private func scenario(_ text: String) throws -> Scenario {
        let parts = text.split(whereSeparator: { "x@/".contains($0) }).map { Int($0) }
        guard parts.count == 3 || parts.count == 4, let adapters = parts[0], let servers = parts[1],
            let load = parts[2], adapters > 0, servers > 0, load >= 0
        else {
            throw ValidationError("'\(text)' is not a size; write one like 1000x10@50 or 10000x100@0/10")
        }
        return Scenario(
            adapters: adapters, servers: servers, loadDuration: .milliseconds(load),
            replicas: parts.count == 4 ? parts[3] : nil, rest: .seconds(rest), time: SystemTime())
    }

    /// Runs `body` with a simulated cluster and what starts the operator on it, with more flags.
    private func onStage(
        servers: Int, loadDuration: Duration, streamsLists: Bool = true,
        _ body: (Stage, ([String]) throws -> OperatorProcess) async throws -> Figures
    ) async throws -> Figures {
        let crds = try ["loraadapters", "servedmodels"].map {
            try String(contentsOfFile: "crds/\($0).yaml", encoding: .utf8)
        }
        let stage = try Stage(
            servers: servers, loadDuration: loadDuration, streamsLists: streamsLists, crds: crds, time: SystemTime(),
            random: SystemRandom())
        let (bound, report) = AsyncStream.makeStream(of: Int.self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await stage.run { report.yield($0) } }
            defer { group.cancelAll() }
            var ports = bound.makeAsyncIterator()
            guard let port = await ports.next() else { throw BenchProblem("the simulated cluster did not start") }
            let kubeconfig =
                NSTemporaryDirectory() + "/lora-operator-bench-\(ProcessInfo.processInfo.processIdentifier)"
            defer { try? FileManager.default.removeItem(atPath: kubeconfig) }
            try """
            {"apiVersion":"v1","kind":"Config","current-context":"bench","clusters":[{"name":"bench","cluster":\
            {"server":"http://127.0.0.1:\(port)"}}],"contexts":[{"name":"bench","context":{"cluster":"bench",\
            "user":"bench"}}],"users":[{"name":"bench","user":{}}]}
            """.write(toFile: kubeconfig, atomically: true, encoding: .utf8)
            return try await body(stage) { more in
                try OperatorProcess(
                    binary: `operator`, kubeconfig: kubeconfig, log: log,
                    arguments: flags.split(separator: " ").map(String.init) + more)
            }
        }
    }
}
