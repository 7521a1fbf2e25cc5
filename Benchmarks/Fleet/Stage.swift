import DynamicJSON
import Effects
import HTTPServer
import KubeSimulator
import Logging
import Synchronization
import VLLMSimulator

/// The simulated cluster that an operator is measured on: an API server and vLLM servers, all on real sockets.
///
/// The pods have addresses of 10.250.0.0/16: `make bench` gives them to a network namespace of its own.
struct Stage: Sendable {
    static let namespace = "default"
    static let port = 8000

    let api: KubeSimulator
    let counter = RequestCounter()
    let servers: [SimulatedServer]
    private let time: any TimeSource
    private let logger: Logger

    init(
        servers count: Int, loadDuration: Duration, streamsLists: Bool, crds: [String], time: any TimeSource,
        random: any RandomSource
    ) throws {
        var configuration = KubeSimulator.Configuration()
        configuration.customResourceDefinitions = crds
        configuration.historyLimit = 100_000
        configuration.watchList = streamsLists ? .full : .refused(422)
        api = try KubeSimulator(configuration, time: time, random: random)
        var server = ServerConfiguration()
        server.loadDuration = loadDuration
        servers = (0..<count).map { _ in SimulatedServer(server, time: time, random: random) }
        self.time = time
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        self.logger = logger
        try api.create(Self.service)
        let pods = try servers.indices.map { try api.create(pod($0, incarnation: 0)) }
        for start in stride(from: 0, to: count, by: 100) {
            try api.create(Self.slice(pods, start..<min(start + 100, count)))
        }
    }

    static func address(_ index: Int) -> String { "10.250.\(1 + index / 250).\(1 + index % 250)" }

    /// Serves until its task is cancelled; `onBound` hears the API server's port once everything listens.
    func run(onBound: @escaping @Sendable (Int) -> Void) async throws {
        let members = servers.enumerated().map { index, server in
            VLLMFleet.Member(server, host: Self.address(index), port: Self.port)
        }
        let fleet = VLLMFleet(members, logger: logger)
        var limits = HTTPServerLimits()
        limits.connections = 1000
        let handler = CountingHandler(api: api, counter: counter)
        let server = HTTPServer(host: "127.0.0.1", port: 0, handler: handler, limits: limits, logger: logger)
        let (bound, report) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await fleet.run { _, _ in report.yield() } }
            var listening = bound.makeAsyncIterator()
            for _ in members { await listening.next() }
            group.addTask { try await server.run(onBound: onBound) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    // MARK: Objects

    func createAdapter(_ name: String, path: String, replicas: Int?) throws {
        try api.create(Self.adapter(name, path: path, replicas: replicas))
    }

    static func adapter(_ name: String, path: String, replicas: Int?) -> JSONValue {
        var spec: [String: JSONValue] = [
            "loraPath": .string(path), "target": ["service": ["name": "vllm"]],
        ]
        if let replicas { spec["placement"] = ["replicas": .int(Int64(replicas))] }
        return [
            "apiVersion": "lora-operator.dev/v1alpha1", "kind": "LoRAAdapter",
            "metadata": ["name": .string(name), "namespace": .string(namespace)], "spec": .object(spec),
        ]
    }

    /// A server's process ends and comes again, and its pod says so.
    func restart(_ index: Int, incarnation: Int) throws {
        servers[index].restart()
        try api.replace(pod(index, incarnation: incarnation))
    }

    func isReady(_ name: String, generation: Int64? = nil) -> Bool {
        guard let status = api.get("loraadapters", namespace: Self.namespace, name: name)?["status"] else {
            return false
        }
        if let generation, status["observedGeneration"]?.intValue != generation { return false }
        return status["phase"]?.stringValue == "Ready"
    }

    private func pod(_ index: Int, incarnation: Int) -> JSONValue {
        let address = JSONValue.string(Self.address(index))
        return [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": [
                "name": .string("vllm-\(index)"), "namespace": .string(Self.namespace),
            ],
            "spec": [
                "containers": [
                    ["name": "vllm", "image": "vllm", "ports": [["name": "http", "containerPort": .int(8000)]]]
                ]
            ],
            "status": [
                "phase": "Running", "podIP": address, "podIPs": [["ip": address]],
                "conditions": [["type": "Ready", "status": "True"]],
                "containerStatuses": [
                    [
                        "name": "vllm", "ready": true, "restartCount": .int(Int64(incarnation)), "image": "vllm",
                        "imageID": "vllm", "containerID": .string("containerd://\(index)-\(incarnation)"),
                    ]
                ],
            ],
        ]
    }

    private static var service: JSONValue {
        [
            "apiVersion": "v1", "kind": "Service",
            "metadata": ["name": "vllm", "namespace": .string(namespace)],
            "spec": ["selector": ["app": "vllm"], "ports": [["name": "http", "port": .int(8000), "protocol": "TCP"]]],
        ]
    }

    private static func slice(_ pods: [JSONValue], _ range: Range<Int>) -> JSONValue {
        let endpoints = range.map { index -> JSONValue in
            [
                "addresses": [.string(address(index))], "conditions": ["ready": true],
                "targetRef": [
                    "kind": "Pod", "name": .string("vllm-\(index)"), "namespace": .string(namespace),
                    "uid": pods[index]["metadata", "uid"] ?? .null,
                ],
            ]
        }
        return [
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": [
                "name": .string("vllm-\(range.lowerBound)"), "namespace": .string(namespace),
                "labels": ["kubernetes.io/service-name": "vllm"],
            ],
            "addressType": "IPv4", "endpoints": .array(endpoints),
            "ports": [["name": "http", "port": .int(8000), "protocol": "TCP"]],
        ]
    }
}

/// Counts what the API server is asked, reads and writes apart.
final class RequestCounter: Sendable {
    private let state = Mutex((reads: 0, writes: 0))

    func count(_ request: HTTPRequest) {
        state.withLock { if request.method.isSafe { $0.reads += 1 } else { $0.writes += 1 } }
    }

    var counts: (reads: Int, writes: Int) { state.withLock { $0 } }
}

private struct CountingHandler: HTTPHandler {
    var api: KubeSimulator
    var counter: RequestCounter

    func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        counter.count(request)
        return try await api.respond(to: request)
    }
}
