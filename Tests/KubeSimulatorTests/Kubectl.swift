import CurlHTTP
import Effects
import Foundation
import HTTPServer
import KubeSimulator
import Logging
import Synchronization
import Testing

/// The real kubectl against a simulated API server on a real socket.
struct Kubectl: Sendable {
    struct Result: Sendable {
        var status: Int32
        var output: String
        var errors: String
        /// Everything it said, for messages of failed expectations.
        var all: String { "exit \(status)\n\(output)\(errors)" }
    }

    private static let path = "/usr/bin/kubectl"
    let simulator: KubeSimulator
    /// Holds the kubeconfig and manifests; gone after the test.
    let directory: URL

    /// Runs `body` with a server, or says that it cannot; in CI that is a failure.
    static func withServer(
        _ change: (inout KubeSimulator.Configuration) -> Void = { _ in },
        _ body: @escaping @Sendable (Kubectl) async throws -> Void
    ) async throws {
        guard FileManager.default.isExecutableFile(atPath: path) else {
            if ProcessInfo.processInfo.environment["CI"] == "true" {
                Issue.record("\(path) is missing")
            } else {
                print("skipped: \(path) is missing")
            }
            return
        }
        var configuration = KubeSimulator.Configuration()
        configuration.customResourceDefinitions = [try referenceDefinition()]
        configuration.pathPrefix = "/a-secret"
        change(&configuration)
        let simulator = try KubeSimulator(configuration, time: SystemTime(), random: SystemRandom())
        let directory = FileManager.default.temporaryDirectory.appending(path: "kubectl-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let (ports, port) = AsyncStream<Int>.makeStream()
        let server = HTTPServer(host: "127.0.0.1", port: 0, handler: simulator, logger: Logger(label: "test"))
        let prefix = configuration.pathPrefix
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run { port.yield($0) } }
            var iterator = ports.makeAsyncIterator()
            let number = await iterator.next() ?? 0
            let kubectl = Kubectl(simulator: simulator, directory: directory)
            try kubectl.write("config", kubeconfig(port: number, prefix: prefix))
            try await body(kubectl)
            group.cancelAll()
        }
    }

    private static func kubeconfig(port: Int, prefix: String) -> String {
        """
        apiVersion: v1
        kind: Config
        clusters: [{name: local, cluster: {server: "http://127.0.0.1:\(port)\(prefix)"}}]
        users: [{name: local, user: {}}]
        contexts: [{name: local, context: {cluster: local, user: local, namespace: default}}]
        current-context: local
        """
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        let file = directory.appending(path: name)
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path()
    }

    func callAsFunction(_ arguments: String...) async throws -> Result { try await run(arguments) }

    /// Runs kubectl to its end; its process is killed when the test is cancelled.
    func run(_ arguments: [String], onLine: (@Sendable (String) -> Void)? = nil) async throws -> Result {
        let process = Process()
        process.executableURL = URL(filePath: Self.path)
        process.arguments = arguments
        process.currentDirectoryURL = directory
        process.environment = [
            "KUBECONFIG": directory.appending(path: "config").path(), "HOME": directory.path(),
            "KUBECACHEDIR": directory.appending(path: "cache").path(), "PATH": "/usr/bin:/bin",
        ]
        let output = directory.appending(path: "\(UUID()).out")
        let errors = directory.appending(path: "\(UUID()).err")
        for file in [output, errors] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardInput = FileHandle.nullDevice
        let (ends, end) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = { end.yield($0.terminationStatus) }
        try process.run()
        let id = process.processIdentifier
        let status = await withTaskCancellationHandler {
            var iterator = ends.makeAsyncIterator()
            return await iterator.next() ?? -1
        } onCancel: {
            kill(id, SIGKILL)
        }
        return Result(
            status: status, output: try String(contentsOf: output, encoding: .utf8),
            errors: try String(contentsOf: errors, encoding: .utf8))
    }
}
