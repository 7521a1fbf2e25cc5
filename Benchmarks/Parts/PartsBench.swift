import AdapterController
import AdapterPlanning
import DynamicJSON
import Foundation
import KubeAPI
import KubeRuntime
import VLLMAPI

/// Measures what the operator does most, each part alone and on one thread; `make bench-parts` runs it.
@main
struct PartsBench {
    static func main() async throws {
        let pods = Samples.watch((0..<200).map(Samples.pod))
        try rate("watch: Pods framed and decoded", "MB/s", pods.megabytes) { try decode(Pod.self, pods) }
        let adapters = Samples.watch((0..<200).map { Samples.adapter($0, servers: 10) })
        try rate("watch: LoRAAdapters on 10 servers", "MB/s", adapters.megabytes) {
            try decode(LoRAAdapter.self, adapters)
        }
        let models = Samples.models(1000)
        try rate("/v1/models with 1,000 adapters", "MB/s", models.megabytes) {
            guard ModelList(parsing: models)?.adapters.count == 1000 else { throw Wrong("a list was misread") }
        }
        try await firstState()
        try store()
        try queue()
        for servers in [10, 100] {
            let situation = Samples.situation(servers: servers)
            try rate("plan: all is well on \(servers) servers", "plans/s", 1) {
                guard situation.plan().actions.isEmpty else { throw Wrong("there is nothing to do") }
            }
        }
    }

    private static func decode<Object: KubeObject>(_ type: Object.Type, _ chunk: [UInt8]) throws {
        var framer = JSONFramer()
        var index = 0
        while let frame = try framer.next(in: chunk, from: &index) {
            guard case .modified = try WatchFrame<Object>.event(in: frame, attempt: "watch") else {
                throw Wrong("an event was misread")
            }
        }
    }

    private static func firstState() async throws {
        for streams in [false, true] {
            let state = FirstState(streams: streams)
            var best = try await state.measure()
            for _ in 0..<2 {
                let next = try await state.measure()
                best = FirstState.Figures(
                    seconds: min(best.seconds, next.seconds), peak: max(best.peak, next.peak),
                    kept: max(best.kept, next.kept))
            }
            print(
                "10,000 Pods \(streams ? "in one stream" : "in pages of 500"): "
                    + String(
                        format: "%.0f MB/s, %.1f MiB at most, %.1f MiB kept", state.megabytes / best.seconds, best.peak,
                        best.kept))
        }
    }

    private static func store() throws {
        let objects = try (0..<10_000).map { try JSON.decode(Pod.self, from: Samples.pod($0).bytes) }
        let changed = try (0..<10_000).map { try JSON.decode(Pod.self, from: Samples.pod($0, version: 2).bytes) }
        try rate("store: 10,000 Pods listed, then changed one by one", "changes/s", 20_000) {
            let store = Store<Pod>()
            let index = StoreIndex(of: store) { [$0.metadata.uid] }
            store.replace(with: objects)
            for pod in changed { store.put(pod) }
            guard index.keys(for: "uid-9999").count == 1 else { throw Wrong("the index lost a Pod") }
        }
    }

    private static func queue() throws {
        let keys = (0..<10_000).map { NamespacedName(namespace: "default", name: "adapter-\($0)") }
        try rate("queue: added twice, taken once, done", "keys/s", 10_000) {
            var queue = WorkQueueState<NamespacedName>(backoff: Backoff(base: .seconds(1), limit: .seconds(300)))
            for key in keys + keys { _ = queue.add(key, now: .zero) }
            var count = 0
            while let taken = queue.take(at: .seconds(1)) {
                _ = queue.done(taken.key)
                count += 1
            }
            guard count == keys.count else { throw Wrong("\(count) keys were taken") }
        }
    }

    /// Prints how much of `amount` is done in a second: the best of three tries of half a second at least.
    private static func rate(_ name: String, _ unit: String, _ amount: Double, _ body: () throws -> Void) throws {
        var best = 0.0
        for _ in 0..<3 {
            let start = ContinuousClock.now
            var done = 0.0
            var elapsed = Duration.zero
            while elapsed < .milliseconds(500) {
                try body()
                done += amount
                elapsed = ContinuousClock.now - start
            }
            best = max(best, done / (elapsed / .seconds(1)))
        }
        let padding = String(repeating: " ", count: max(1, 54 - name.count))
        print("\(name)\(padding)\(best < 100 ? String(format: "%.1f", best) : String(Int(best))) \(unit)")
    }
}

struct Wrong: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

extension [UInt8] {
    fileprivate var megabytes: Double { Double(count) / 1e6 }
}
