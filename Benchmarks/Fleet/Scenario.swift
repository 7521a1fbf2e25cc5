import CurlHTTP
import DynamicJSON
import Effects
import KubeSimulator
import VLLMSimulator

/// One size of fleet, measured from an empty cluster to an empty cluster.
struct Scenario: Sendable {
    var adapters: Int
    var servers: Int
    var loadDuration: Duration
    var replicas: Int?
    /// How long the operator is watched at rest.
    var rest: Duration
    /// One clock for all: each has its own zero.
    var time: any TimeSource

    var title: String {
        let load = loadDuration == .zero ? "loads at once" : "\(loadDuration.milliseconds) ms a load"
        return "\(adapters) adapters x \(servers) servers, \(load)" + (replicas.map { ", \($0) replicas each" } ?? "")
    }
    private var pairs: Int { adapters * (replicas ?? servers) }

    func measure(on stage: Stage, start: () throws -> OperatorProcess) async throws -> Figures {
        var figures = Figures(scenario: title, pairs: pairs)
        let names = (0..<adapters).map { "adapter-\($0)" }

        // The operator is there, and then the objects come, as fast as the API server takes them.
        var process = try start()
        defer { process.kill() }
        try await wait("the operator lists the servers' pods") { stage.api.watchCount >= 4 }
        let idle = process.memory("VmRSS:")
        let began = time.now
        for name in names { try stage.createAdapter(name, path: path(name, 1), replicas: replicas) }
        let loadedAt = try await wait("all loads") { stage.servers.lazy.map(\.adapterCount).reduce(0, +) >= pairs }
        figures.add("all loaded", (loadedAt - began).seconds, "s")
        var next = names.startIndex
        let readyAt = try await wait("all Ready") {
            while next < names.endIndex, stage.isReady(names[next]) { next += 1 }
            return next == names.endIndex
        }
        figures.add("all Ready", (readyAt - began).seconds, "s")
        let requests = stage.servers.map(\.requestCount).reduce(0, +)
        let health = stage.servers.map { $0.requestCount(.health) }.reduce(0, +)
        figures.add("requests to servers a load", Double(requests) / Double(pairs), "")
        figures.add("of them /health a load", Double(health) / Double(pairs), "")
        figures.add("API writes an adapter", Double(stage.counter.counts.writes) / Double(adapters), "")
        figures.add("CPU of the operator until Ready", process.cpuSeconds, "s")

        _ = try await quiet(process)
        try await single(stage, &figures)
        if replicas == nil { try await change(names[0], stage, &figures) }
        try await trouble(names, stage, &figures)
        try await atRest(stage, process, &figures)

        figures.add("RSS idle", idle, "MiB")
        figures.add("RSS at rest", process.memory("VmRSS:"), "MiB")
        figures.add("RSS most", process.memory("VmHWM:"), "MiB")
        figures.add("memory a pair", (process.memory("VmRSS:") - idle) * 1_048_576 / Double(pairs), "bytes")

        process.kill()
        let loads = stage.servers.map { $0.requestCount(.load) }.reduce(0, +)
        let writes = stage.counter.counts.writes
        let lists = stage.servers.map { $0.requestCount(.models) }
        let restarted = time.now
        process = try start()
        try await wait("every server listed again") {
            zip(stage.servers, lists).allSatisfy { $0.requestCount(.models) > $1 }
        }
        let verifiedAt = try await quiet(process)
        figures.add("operator restart: verified", (verifiedAt - restarted).seconds, "s")
        let again = stage.servers.map { $0.requestCount(.load) }.reduce(0, +) - loads
        figures.add("operator restart: loads", Double(again), "")
        figures.add("operator restart: API writes", Double(stage.counter.counts.writes - writes), "")

        let deleting = time.now
        for name in names { try stage.api.delete("loraadapters", namespace: Stage.namespace, name: name) }
        let goneAt = try await wait("all objects gone") {
            while let name = next > 0 ? names[next - 1] : nil {
                guard stage.api.get("loraadapters", namespace: Stage.namespace, name: name) == nil else { return false }
                next -= 1
            }
            return true
        }
        figures.add("all deleted", (goneAt - deleting).seconds, "s")
        figures.add("adapters left on servers", Double(stage.servers.map(\.adapterCount).reduce(0, +)), "")
        return figures
    }

    /// One more adapter, again and again: created, loaded everywhere, Ready.
    private func single(_ stage: Stage, _ figures: inout Figures) async throws {
        var loaded = Samples()
        var ready = Samples()
        for round in 0..<50 {
            let name = "one-\(round)"
            let before = stage.servers.map(\.adapterCount).reduce(0, +)
            let began = time.now
            try stage.createAdapter(name, path: path(name, 1), replicas: replicas)
            let loadedAt = try await wait("one more loaded", step: .microseconds(500)) {
                stage.servers.lazy.map(\.adapterCount).reduce(0, +) >= before + (replicas ?? servers)
            }
            let readyAt = try await wait("one more Ready", step: .microseconds(500)) { stage.isReady(name) }
            loaded.add((loadedAt - began).milliseconds)
            ready.add((readyAt - began).milliseconds)
            try stage.api.delete("loraadapters", namespace: Stage.namespace, name: name)
            try await wait("one more gone") {
                stage.api.get("loraadapters", namespace: Stage.namespace, name: name) == nil
            }
        }
        figures.add("one more: created to loaded everywhere, p50", loaded.quantile(0.5), "ms")
        figures.add("one more: created to loaded everywhere, p99", loaded.quantile(0.99), "ms")
        figures.add("one more: created to Ready, p50", ready.quantile(0.5), "ms")
        figures.add("one more: created to Ready, p99", ready.quantile(0.99), "ms")
    }

    /// Another path for one adapter, one server after the other.
    private func change(_ name: String, _ stage: Stage, _ figures: inout Figures) async throws {
        guard var object = stage.api.get("loraadapters", namespace: Stage.namespace, name: name) else { return }
        let began = time.now
        object["spec", "loraPath"] = .string(path(name, 2))
        let generation = try stage.api.replace(object)["metadata", "generation"]?.intValue
        let changedAt = try await wait("another path") { stage.isReady(name, generation: generation) }
        figures.add("path change: Ready", (changedAt - began).milliseconds, "ms")
    }

    /// A server that restarts, and one that silently loses an adapter.
    private func trouble(_ names: [String], _ stage: Stage, _ figures: inout Figures) async throws {
        let server = stage.servers[0]
        let held = server.adapterCount
        let began = time.now
        try stage.restart(0, incarnation: 1)
        let repairedAt = try await wait("a restarted server") { server.adapterCount >= held }
        figures.add("server restart: all back", (repairedAt - began).seconds, "s")
        figures.add("server restart: adapters lost", Double(held), "")
        var next = names.startIndex
        try await wait("all Ready again") {
            while next < names.endIndex, stage.isReady(names[next]) { next += 1 }
            return next == names.endIndex
        }
        guard let lost = server.adapters.first?.name else { return }
        let drifted = time.now
        server.unloadOutOfBand(name: lost)
        let foundAt = try await wait("a lost adapter") { server.adapterCount >= held }
        figures.add("silent drift: repaired", (foundAt - drifted).seconds, "s")
    }

    private func atRest(_ stage: Stage, _ process: OperatorProcess, _ figures: inout Figures) async throws {
        _ = try await quiet(process)
        let cpu = process.cpuSeconds
        let api = stage.counter.counts
        let requests = stage.servers.map(\.requestCount).reduce(0, +)
        let began = time.now
        try await time.sleep(for: rest)
        let minutes = (time.now - began).seconds / 60
        let after = stage.counter.counts
        figures.add(
            "at rest: requests a minute and server",
            Double(stage.servers.map(\.requestCount).reduce(0, +) - requests) / minutes / Double(servers), "")
        figures.add("at rest: API reads a minute", Double(after.reads - api.reads) / minutes, "")
        figures.add("at rest: API writes", Double(after.writes - api.writes), "")
        figures.add("at rest: CPU", (process.cpuSeconds - cpu) / minutes / 60 * 100, "%")
    }

    /// Waits until the process has used no CPU for half a second; returns when it last did.
    private func quiet(_ process: OperatorProcess) async throws -> Duration {
        var used = process.cpuSeconds
        var usedAt = time.now
        while time.now - usedAt < .milliseconds(500) {
            try await time.sleep(for: .milliseconds(20))
            let now = process.cpuSeconds
            // One tick of the kernel's clock is nothing: a probe costs as much.
            if now - used > 0.015 { usedAt = time.now }
            used = now
        }
        return usedAt
    }

    private func path(_ name: String, _ version: Int) -> String { "/adapters/\(name)-v\(version)" }

    @discardableResult
    private func wait(
        _ what: String, step: Duration = .milliseconds(2), until isDone: () throws -> Bool
    ) async throws -> Duration {
        try await time.wait(what, step: step, until: isDone)
    }
}

extension TimeSource {
    /// Looks again and again until `isDone`; returns when it was.
    func wait(
        _ what: String, step: Duration = .milliseconds(2), until isDone: () async throws -> Bool
    ) async throws -> Duration {
        let deadline = now + .seconds(900)
        while try await !isDone() {
            guard now < deadline else { throw BenchProblem("waited 15 minutes for: \(what)") }
            try await sleep(for: step)
        }
        return now
    }
}

struct BenchProblem: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

extension Duration {
    var milliseconds: Double { seconds * 1000 }
}
