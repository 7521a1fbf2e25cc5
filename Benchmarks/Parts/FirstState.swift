import CMalloc
import CurlHTTP
import DynamicJSON
import Effects
import Foundation
import KubeAPI
import KubeRuntime
import Synchronization

/// 10,000 Pods from the first byte to a filled store, as a reflector reads them: in pages, or as one stream.
struct FirstState {
    struct Figures {
        var seconds: Double
        /// What the process needed most beyond what it had before, and what it kept.
        var peak: Double
        var kept: Double
    }

    private static let count = 10_000

    private let answers: Answers
    private let streams: Bool
    let megabytes: Double

    init(streams: Bool) {
        self.streams = streams
        let pods = (0..<Self.count).map(Samples.pod)
        let bodies = streams ? [Self.stream(pods)] : Self.pages(pods)
        answers = Answers(bodies: bodies)
        megabytes = Double(bodies.reduce(0) { $0 + $1.count }) / 1e6
    }

    func measure() async throws -> Figures {
        malloc_trim(0)
        // Forgets the highest use so far.
        try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
        let before = Self.status("VmRSS:")
        let start = ContinuousClock.now
        let effects = Effects(http: answers, time: SystemTime(), random: SystemRandom())
        let client = KubeClient(
            configuration: KubeConfiguration(server: "http://bench"), effects: effects, userAgent: "bench")
        let store = Store<Pod>()
        let reflector = Reflector(client: client, store: store, streams: streams)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await reflector.run() }
            try await store.waitUntilSynced()
            group.cancelAll()
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        guard store.count == Self.count else { throw Wrong("the store has \(store.count) Pods") }
        let peak = Self.status("VmHWM:") - before
        malloc_trim(0)
        let kept = Self.status("VmRSS:") - before
        return Figures(seconds: seconds, peak: peak, kept: kept)
    }

    private static func stream(_ pods: [JSONValue]) -> [UInt8] {
        var bytes: [UInt8] = []
        for pod in pods { bytes += JSONValue.object(["type": "ADDED", "object": pod]).bytes + [UInt8(ascii: "\n")] }
        let end: JSONValue = [
            "type": "BOOKMARK",
            "object": [
                "apiVersion": "v1", "kind": "Pod",
                "metadata": ["resourceVersion": "900000", "annotations": ["k8s.io/initial-events-end": "true"]],
            ],
        ]
        return bytes + end.bytes
    }

    private static func pages(_ pods: [JSONValue]) -> [[UInt8]] {
        stride(from: 0, to: pods.count, by: 500).map { start in
            let rest = start + 500 < pods.count
            let page: JSONValue = [
                "apiVersion": "v1", "kind": "PodList", "items": .array(Array(pods[start..<(start + 500)])),
                "metadata": ["resourceVersion": "900000", "continue": rest ? .string("\(start + 500)") : ""],
            ]
            return page.bytes
        }
    }

    /// A line of `/proc/self/status`, in MiB.
    private static func status(_ name: String) -> Double {
        let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) } ?? ""
        return (line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Double($0) } ?? 0)
            / 1024
    }
}

/// Bodies in memory, each in chunks as they come from a socket; whoever asks for more waits.
private struct Answers: HTTPTransport {
    let bodies: [[UInt8]]

    func withResponse<Value: Sendable>(
        to request: HTTPRequest, _ body: (HTTPResponse) async throws -> Value
    ) async throws -> Value {
        let isList = !request.url.contains("watch=true")
        guard isList || request.url.contains("sendInitialEvents=true") else {
            try await SystemTime().sleep(for: .seconds(3600))
            throw HTTPFailure(.idleTimeout, "nothing happens")
        }
        let page = request.url.split(separator: "&").first { $0.hasPrefix("continue=") }
            .flatMap { Int($0.dropFirst("continue=".count)) }
        let bytes = bodies[(page ?? 0) / 500]
        let place = Place()
        let head = HTTPResponseHead(status: 200, headers: [HTTPHeader("Content-Type", "application/json")])
        return try await body(
            HTTPResponse(
                head: head,
                body: HTTPBody {
                    if let chunk = place.next(of: bytes) { return chunk }
                    if isList { return nil }
                    try await SystemTime().sleep(for: .seconds(3600))
                    return nil
                }))
    }
}

/// How far a body was read.
private final class Place: Sendable {
    private let start = Mutex(0)

    func next(of bytes: [UInt8]) -> [UInt8]? {
        start.withLock { start in
            guard start < bytes.count else { return nil }
            let end = min(start + (16 << 10), bytes.count)
            defer { start = end }
            return Array(bytes[start..<end])
        }
    }
}
