import CurlHTTP
import DynamicJSON
import Effects
import Foundation
import KubeAPI
import TestSupport
import Testing

/// One vLLM server and what stands around it: the process of `lora-operator local`, its API, and callers of the model.
struct ConformanceWorld: Sendable {
    let subject: Subject
    let server: any VLLMUnderTest
    private let directory: String
    private let http: CurlTransport
    private let began = ContinuousClock().now

    /// Runs `body` with a server that is up, and ends everything afterwards.
    static func run(
        _ subject: Subject, _ setup: VLLMSetup = VLLMSetup(), _ body: (ConformanceWorld) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let server = try subject.server(setup, in: directory)
            let world = ConformanceWorld(subject, server, directory)
            do {
                try await server.start()
                world.tell("vLLM is up")
                try await body(world)
            } catch {
                Issue.record("\(subject.testDescription): \(error)\n\(server.lastLines)")
            }
            await server.stop()
            world.http.shutdown()
        }
    }

    private init(_ subject: Subject, _ server: any VLLMUnderTest, _ directory: String) {
        self.subject = subject
        self.server = server
        self.directory = directory
        http = CurlTransport()
    }

    /// Says what a real server has shown: whoever reads the output of CI sees what ran.
    func tell(_ step: String) {
        guard subject.isReal else { return }
        let seconds = (ContinuousClock().now - began).components.seconds
        let line = "\(subject.testDescription): \(step) (after \(seconds) s)"
        print("conformance: \(line)")
        guard let report = Subject.report else { return }
        // The script counts them: a run that met no real server is no success.
        do {
            try write(line, to: "\(report)/\(UUID().uuidString)")
        } catch {
            Issue.record(error)
        }
    }

    // MARK: The operator

    /// Runs `body` beside the operator's process, which knows the key `apiKey`.
    func withOperator(apiKey: String? = nil, _ body: (ConformanceOperator) async throws -> Void) async throws {
        let home = "\(directory)/operator-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: false)
        let kubeconfig = "\(home)/kubeconfig"
        let arguments = [
            "local", "--vllm", server.url, "--probe-interval", "200ms", "--write-kubeconfig", kubeconfig,
        ]
        var environment: [String: String] = [:]
        if let key = apiKey ?? subject.apiKey { environment["VLLM_API_KEY"] = key }
        try await OperatorProcess.run(arguments, environment: environment, in: home) { process in
            let isUp = try await eventually {
                !process.isRunning || FileManager.default.fileExists(atPath: kubeconfig)
            }
            try #require(isUp && process.isRunning, "\(process.output)")
            let configuration = try KubeConfiguration.load(kubeconfig: kubeconfig, environment: [:])
            try await body(
                ConformanceOperator(api: ObjectAPI(configuration: configuration, http: http), process: process))
        }
    }

    // MARK: The server, as its callers see it

    /// An answer, its body as JSON where it is some.
    struct Reply {
        var status: Int
        var json: JSONValue?
    }

    func ask(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil, apiKey: String? = nil
    ) async throws -> Reply {
        var request = HTTPRequest(method, server.url + path)
        request.options.totalTimeout = .seconds(120)
        // vLLM closes what was idle for five seconds.
        request.options.connection = .fresh
        if let body {
            request.headers.append(HTTPHeader("Content-Type", "application/json"))
            request.body = body.encoded
        }
        if let key = apiKey ?? subject.apiKey {
            request.headers.append(HTTPHeader("Authorization", "Bearer \(key)"))
        }
        let reply = try await http.send(request)
        return Reply(status: reply.head.status, json: JSONValue(parsing: reply.body))
    }

    /// The adapters that it lists, as id, parent and root.
    func listed(apiKey: String? = nil) async throws -> [[String]] {
        let cards = try await ask(.get, "/v1/models", apiKey: apiKey).json?["data"]?.arrayValue ?? []
        return cards.filter { $0["parent"]?.isNull == false }.map { card in
            ["id", "parent", "root"].map { card[$0]?.stringValue ?? "-" }
        }
    }

    /// Asks a model for a token; returns the status and the model that says it answered.
    func complete(_ model: String, apiKey: String? = nil) async throws -> String {
        let body: JSONValue = ["model": .string(model), "prompt": "hello", "max_tokens": 1, "temperature": 0]
        let reply = try await ask(.post, "/v1/completions", body, apiKey: apiKey)
        return "\(reply.status) \(reply.json?["model"]?.stringValue ?? "-")"
    }

    func load(_ name: String, _ path: String) async throws -> Int {
        try await ask(.post, "/v1/load_lora_adapter", ["lora_name": .string(name), "lora_path": .string(path)]).status
    }

    func unload(_ name: String, apiKey: String? = nil) async throws -> Int {
        try await ask(.post, "/v1/unload_lora_adapter", ["lora_name": .string(name)], apiKey: apiKey).status
    }
}

/// A running `lora-operator local`, as kubectl sees it.
struct ConformanceOperator: Sendable {
    let api: ObjectAPI
    let process: ServerProcess

    func apply(_ name: String, path: String, spec: JSONValue = [:]) async throws {
        try await api.apply("loraadapters", Adapter.manifest(name, path: path, spec: spec))
    }

    func change(_ name: String, spec: JSONValue) async throws {
        try await api.patch("loraadapters", name, ["spec": spec])
    }

    func delete(_ name: String) async throws { try await api.delete("loraadapters", name) }

    /// Waits until status is about the newest spec and `condition` holds, and returns the object.
    @discardableResult
    func adapter(
        _ name: String, becomes what: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ condition: (Adapter) -> Bool
    ) async throws -> Adapter {
        var last: Adapter?
        let isDone = try await eventually {
            last = try await api.get("loraadapters", name).map(Adapter.init(json:))
            return last.map { $0.isObserved && condition($0) } ?? false
        }
        try #require(
            isDone, "\(name) becomes \(what): \(last?.description ?? "no object")\n\(process.lastLines)",
            sourceLocation: sourceLocation)
        return try #require(last)
    }

    @discardableResult
    func adapterIsReady(
        _ name: String, root: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Adapter {
        try await adapter(name, becomes: "Ready at \(root)", sourceLocation: sourceLocation) {
            $0.phase == "Ready" && $0.ready == "1/1" && $0.root == root
        }
    }

    func adapter(
        _ name: String, isRefusedFor reason: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await adapter(name, becomes: "Failed for \(reason)", sourceLocation: sourceLocation) {
            $0.phase == "Failed" && $0.condition("Ready") == "False \(reason)" && $0.id == nil
        }
    }

    func adapterGoes(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let isGone = try await eventually { try await api.get("loraadapters", name) == nil }
        try #require(isGone, "\(name) is still there\n\(process.lastLines)", sourceLocation: sourceLocation)
    }
}
