import CurlHTTP
import DynamicJSON
import Effects
import Foundation
import KubeAPI
import TestSupport
import Testing

/// The commands of README.md as they stand there, for somebody who has nothing but a checkout.
@Suite(.enabled(if: installedProgram("kubectl") != nil, "kubectl is not installed"), .timeLimit(.minutes(10)))
struct ReadmeTests {
    @Test func `five commands lead from a checkout and an API server to the first Ready adapter`() async throws {
        let commands = try Self.commands(under: "## On a cluster", block: 0)
        try #require(commands.count == 5)
        let api = try await SimulatedAPIServer(
            definitions: InstallationKinds.definitions, behind: InstalledDefinitions.init)
        try await Cluster.run(in: api, operates: false) { cluster in
            try await withTemporaryDirectory { home in
                let shell = try Shell(home)
                try writeKubeconfig(
                    to: shell.kubeconfig, server: api.configuration.server, namespace: cluster.api.namespace)

                try await shell.run(commands[0])
                let build = try #require(try shell.dockerCalls.first)
                let image = try #require(build.split(separator: " ").first { $0.contains("/lora-operator:") })
                #expect(build == "build --tag \(image) --push .")

                try await shell.run(commands[1])
                let deployment = try await RolledOut(in: cluster, image: String(image))
                try await deployment.withReplicas(home) {
                    for command in commands[2...] { try await shell.run(command) }
                }
                #expect(try await cluster.adapter(reaches: "Ready", "3/3").root == "/adapters/sql-v3")
            }
        }
    }

    @Test func `the commands for one machine lead to a Ready adapter too`() async throws {
        let start = try Self.commands(under: "## On one machine", block: 0)
        #expect(start.first == "make release")
        var arguments = try #require(start.last).split(separator: " ").map(String.init)
        #expect(arguments.removeFirst() == "build/release/release/lora-operator")
        let use = try Self.commands(under: "## On one machine", block: 1)
        let server = try await ModelServer("vllm", address: "127.0.0.1", port: 0, .test)
        do {
            try await withTemporaryDirectory { home in
                arguments = arguments.map { $0.replacing("127.0.0.1:8000", with: "127.0.0.1:\(server.port)") }
                // The kubeconfig is written where one stands, and this is no place for it.
                try FileManager.default.createSymbolicLink(
                    atPath: "\(home)/examples", withDestinationPath: Repository.path("examples"))
                try await OperatorProcess.run(arguments, in: home) { process in
                    let isUp = try await eventually {
                        FileManager.default.fileExists(atPath: "\(home)/lora-operator.kubeconfig")
                    }
                    try #require(isUp, "\(process.output)")
                    let isServed = try await eventually { server.holds == ["sql=/adapters/sql-v3"] }
                    #expect(isServed, "\(process.output)")
                    let wait = ["kubectl wait --for=condition=Ready loraadapter/sql --timeout=1m"]
                    let lines = try await Shell(home).run(
                        (use.prefix(1) + wait + use.dropFirst()).joined(separator: "\n"), in: home)
                    #expect(lines.contains { $0.hasPrefix("sql ") && $0.contains("1/1") && $0.contains("Ready") })
                    #expect(lines.contains { $0.contains("Lora Path:") && $0.contains("/adapters/sql-v3") })
                }
            }
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    /// The lines of the `sh` block of that number below a heading.
    private static func commands(under heading: String, block: Int) throws -> [String] {
        let text = try Repository.text("README.md")
        let section = try #require(text.components(separatedBy: "\n\(heading)").dropFirst().first)
        let blocks = (section.components(separatedBy: "\n## ").first ?? "").components(separatedBy: "```sh\n")
        try #require(blocks.count > block + 1)
        return (blocks[block + 1].components(separatedBy: "\n```").first ?? "").components(separatedBy: "\n")
    }
}

/// A newcomer's shell: kubectl as installed, and a docker that only notes what it is asked.
private struct Shell {
    let home: String

    init(_ home: String) throws {
        self.home = home
        try FileManager.default.createDirectory(atPath: "\(home)/bin", withIntermediateDirectories: true)
        try write("#!/bin/sh\necho \"$@\" >>'\(home)/docker.log'\n", to: "\(home)/bin/docker")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(home)/bin/docker")
    }

    var kubeconfig: String { "\(home)/config" }

    var dockerCalls: [String] {
        get throws {
            try String(contentsOfFile: "\(home)/docker.log", encoding: .utf8).split(separator: "\n").map(String.init)
        }
    }

    /// Runs a command in the checkout, or elsewhere, and returns what it wrote.
    @discardableResult
    func run(_ command: String, in directory: String = Repository.path("")) async throws -> [String] {
        let process = try ServerProcess(
            "/bin/sh", log: "\(home)/shell.log", ["-ec", command],
            environment: [
                "HOME": home, "KUBECONFIG": kubeconfig, "PATH": "\(home)/bin:/usr/local/bin:/usr/bin:/bin",
            ], directory: directory)
        let code = try await process.exit(within: .seconds(240))
        if code == nil { process.kill() }
        try #require(code == 0, "\(command)\n\(process.output)")
        return process.lines
    }
}

/// What the Deployment controller and the kubelet make of the operator's Deployment.
private struct RolledOut {
    private let cluster: Cluster
    private let api: ObjectAPI
    private let arguments: [String]
    private let replicas: Int64
    private let generation: Int64

    init(in cluster: Cluster, image: String) async throws {
        self.cluster = cluster
        api = ObjectAPI(configuration: cluster.configuration, http: cluster.api.http, namespace: "lora-operator")
        let deployment = try #require(try await api.get("deployments", "lora-operator"))
        let container = try #require(
            deployment["spec", "template", "spec", "containers"]?.arrayValue?.first, "\(deployment.text)")
        #expect(container["image"] == .string(image), "what was built is not what would be pulled")
        arguments = try #require(container["args"]?.arrayValue).compactMap(\.stringValue)
        replicas = try #require(deployment["spec", "replicas"]?.intValue)
        generation = try #require(deployment["metadata", "generation"]?.intValue)
    }

    /// Runs `body` beside so many operators as the Deployment wants, all of them ready.
    func withReplicas(_ home: String, _ body: () async throws -> Void) async throws {
        try await start(replicas, home) {
            // This server has no status of its own for Deployments: the write counts as one of the spec.
            try await api.patch(
                "deployments", "lora-operator",
                [
                    "status": [
                        "observedGeneration": .int(generation + 1), "replicas": .int(replicas),
                        "updatedReplicas": .int(replicas),
                        "readyReplicas": .int(replicas), "availableReplicas": .int(replicas),
                    ]
                ])
            try await body()
        }
    }

    private func start(_ count: Int64, _ home: String, _ body: () async throws -> Void) async throws {
        guard count > 0 else { return try await body() }
        let place = "\(cluster.serverNetwork).250.\(count)"
        let directory = "\(home)/pod-\(count)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        // What a pod has from its ServiceAccount and its own address.
        let kubeconfig = "\(directory)/kubeconfig"
        try writeKubeconfig(to: kubeconfig, server: cluster.configuration.server, namespace: "lora-operator")
        let own = [
            "--leader-elect-resource-namespace=lora-operator", "--health-probe-bind-address=\(place):8081",
            "--metrics-bind-address=\(place):8080", "--allow-endpoint-cidr=\(cluster.serverNetwork).0.0/16",
        ]
        try await OperatorProcess.run(arguments + own, environment: ["KUBECONFIG": kubeconfig], in: directory) {
            process in
            let isReady = try await eventually {
                let reply = try? await api.http.send(HTTPRequest(.get, "http://\(place):8081/readyz"))
                return reply?.head.status == 200
            }
            try #require(isReady, "\(process.output)")
            try await start(count - 1, home, body)
        }
    }
}

/// An API server that has the resource definitions already, and takes them once more: the simulated one takes none.
private struct InstalledDefinitions: HTTPHandler {
    let server: any HTTPHandler

    init(_ server: any HTTPHandler) { self.server = server }

    func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        var request = request
        if request.method == .patch, request.url.contains("/customresourcedefinitions/") {
            request.method = .get
            request.url = String(request.url.prefix { $0 != "?" })
            request.body = nil
        }
        return try await server.respond(to: request)
    }
}
