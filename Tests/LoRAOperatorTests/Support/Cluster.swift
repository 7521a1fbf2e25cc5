import AdapterController
import CurlHTTP
import DynamicJSON
import Effects
import KubeAPI
import Logging
import Synchronization
import TestSupport
import Testing
import VLLMSimulator

/// A namespace with simulated vLLM servers, their Pods and the Service `vllm`, and the whole operator, all over sockets.
final class Cluster: Sendable {
    /// Between two looks at a server, short enough to wait for a few.
    static let probeInterval = Duration.milliseconds(200)

    /// The servers that were there from the start: vllm-0, vllm-1 and so on.
    let servers: [ModelServer]
    let api: ObjectAPI
    private let backend: any APIServer
    private let http = CurlTransport()
    private let addresses: String
    private let state = Mutex(State())

    private struct State {
        var members: [ModelServer] = []
        /// Every server that has a socket.
        var started: [ModelServer] = []
        var process: OperatorTask?
    }

    /// Counts clusters, so that each has addresses of its own.
    private static let count = Atomic(0)

    /// Runs `body` with a cluster whose operator runs, and ends everything afterwards.
    static func run(
        on backend: Backend, servers: Int = 3, _ configuration: ServerConfiguration = .test,
        publishes: Bool = true, operates: Bool = true, _ body: (Cluster) async throws -> Void
    ) async throws {
        try await run(
            in: backend.start(), servers: servers, configuration, publishes: publishes, operates: operates, body)
    }

    /// The same on an API server that runs already, and is ended too.
    static func run(
        in server: any APIServer, servers: Int = 3, _ configuration: ServerConfiguration = .test,
        publishes: Bool = true, operates: Bool = true, _ body: (Cluster) async throws -> Void
    ) async throws {
        let cluster: Cluster
        do {
            cluster = try await Cluster(server, servers: servers, configuration)
        } catch {
            await server.stop()
            throw error
        }
        do {
            if publishes { try await cluster.publishService() }
            if operates { cluster.startOperator() }
            try await body(cluster)
        } catch {
            await cluster.end()
            throw error
        }
        await cluster.end()
    }

    private init(_ backend: any APIServer, servers count: Int, _ configuration: ServerConfiguration) async throws {
        let number = Self.count.add(1, ordering: .relaxed).newValue
        self.backend = backend
        addresses = "\(backend.serverNetwork).\(number)"
        api = ObjectAPI(configuration: backend.configuration, http: http, namespace: "cluster-\(number)")
        var servers: [ModelServer] = []
        for index in 0..<count {
            servers.append(
                try await ModelServer(
                    "vllm-\(index)", address: "\(addresses).\(index + 1)", port: servers.first?.port ?? 0, configuration
                ))
        }
        self.servers = servers
        state.withLock { $0.started = servers }
        try await api.create(
            "namespaces", .yaml("{apiVersion: v1, kind: Namespace, metadata: {name: \(api.namespace)}}"))
        for server in servers { try await createPod(of: server) }
    }

    private func end() async {
        await stopOperator()
        for server in state.withLock({ $0.started }) { await server.stop() }
        if backend.isShared { try? await api.delete("namespaces", api.namespace) }
        await backend.stop()
        http.shutdown()
    }

    /// How anybody reaches its API server.
    var configuration: KubeConfiguration { backend.configuration }

    /// The first two numbers of its servers' addresses.
    var serverNetwork: String { backend.serverNetwork }

    // MARK: The operator

    var readiness: Readiness? { state.withLock { $0.process?.readiness } }

    /// What the API server was asked, where it is a simulated one.
    var audit: AuditLog {
        get throws {
            try #require((backend as? SimulatedAPIServer)?.audit, "kube-apiserver keeps its audit log to itself")
        }
    }

    /// What the operator that runs now sends.
    var traffic: RecordingTransport {
        get throws { try #require(state.withLock { $0.process?.traffic }, "no operator runs") }
    }

    func startOperator(_ change: (inout OperatorOptions) -> Void = { _ in }) {
        let process = OperatorTask(options(change), backend.configuration)
        state.withLock { $0.process = process }
    }

    /// The fleet as `lora-operator status` would tell of it.
    func report(_ change: (inout OperatorOptions) -> Void = { _ in }) async throws -> FleetReport {
        let effects = Effects(http: http, time: SystemTime(), random: SystemRandom())
        let client = KubeClient(configuration: backend.configuration, effects: effects, userAgent: "end-to-end-test")
        return try await FleetInspector(client: client, effects: effects, options: options(change)).report(isLive: true)
    }

    private func options(_ change: (inout OperatorOptions) -> Void) -> OperatorOptions {
        var options = OperatorOptions()
        options.probeInterval = Self.probeInterval
        options.namespaces = backend.isShared ? [api.namespace] : []
        options.addresses.allowed = [CIDR("\(backend.serverNetwork).0.0/16")].compactMap(\.self)
        change(&options)
        return options
    }

    func stopOperator() async {
        let process = state.withLock { state in
            defer { state.process = nil }
            return state.process
        }
        await process?.stop()
    }

    // MARK: Servers

    /// A server more, with its Pod, behind the Service.
    func addServer(_ configuration: ServerConfiguration = .test) async throws -> ModelServer {
        let number = state.withLock { $0.started.count }
        let server = try await ModelServer(
            "vllm-\(number)", address: "\(addresses).\(number + 1)", port: port, configuration)
        state.withLock { $0.started.append(server) }
        try await createPod(of: server)
        try await publishEndpoints()
        return server
    }

    /// Takes the server's Pod away, and the server with it.
    func removeServer(_ server: ModelServer) async throws {
        try await deletePod(of: server)
        try await publishEndpoints()
        server.vllm.goDown()
    }

    /// Takes the server from the Service; its Pod stays.
    func takeFromService(_ server: ModelServer) async throws {
        state.withLock { $0.members.removeAll { $0.name == server.name } }
        try await publishEndpoints()
    }

    /// The Pod goes, and another of the same name and address comes.
    func replacePod(of server: ModelServer) async throws {
        try await deletePod(of: server)
        server.startNextContainer()
        try await createPod(of: server)
        try await publishEndpoints()
    }

    /// The container of the Pod ends, and the kubelet starts another.
    func restartContainer(of server: ModelServer) async throws {
        server.startNextContainer()
        try await api.patch("pods", server.name, server.podStatus, subresource: "status")
    }

    private func createPod(of server: ModelServer) async throws {
        try await api.create("pods", server.pod)
        try await api.patch("pods", server.name, server.podStatus, subresource: "status")
        state.withLock { $0.members.append(server) }
    }

    func deletePod(of server: ModelServer) async throws {
        state.withLock { $0.members.removeAll { $0.name == server.name } }
        try await api.delete("pods", server.name)
        try #require(try await eventually { try await api.get("pods", server.name) == nil })
    }

    // MARK: The Service

    /// All servers listen on one port, each at its own address.
    private var port: Int { servers.first?.port ?? 8000 }

    func publishService() async throws {
        try await api.create(
            "services",
            .yaml(
                """
                apiVersion: v1
                kind: Service
                metadata: {name: vllm}
                spec:
                  selector: {app: vllm}
                  ports: [{name: http, port: 80, targetPort: \(port), protocol: TCP}]
                """))
        try await publishEndpoints()
    }

    /// What the endpoint slice controller would do.
    private func publishEndpoints() async throws {
        var endpoints = ""
        for server in state.withLock({ $0.members }) {
            let uid = try await api.get("pods", server.name)?["metadata", "uid"]?.stringValue ?? ""
            endpoints += """
                - addresses: [\(server.address)]
                  conditions: {ready: true, serving: true, terminating: false}
                  targetRef: {kind: Pod, namespace: \(api.namespace), name: \(server.name), uid: "\(uid)"}

                """
        }
        try await api.apply(
            "endpointslices",
            .yaml(
                """
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata:
                  name: vllm-1
                  labels: {kubernetes.io/service-name: vllm}
                addressType: IPv4
                ports: [{name: http, port: \(port), protocol: TCP}]
                endpoints:
                \(endpoints)
                """))
    }
}

extension ServerConfiguration {
    /// Loads take a moment, as they do.
    static var test: ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.loadDuration = .milliseconds(20)
        return configuration
    }
}
