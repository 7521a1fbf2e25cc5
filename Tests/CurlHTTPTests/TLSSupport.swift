import CurlHTTP
import Effects
import Foundation
import TestSupport
import Testing

/// Certificates for one test run, made by the `openssl` command.
struct Certificates: Sendable {
    /// File name to content.
    private var files: [String: [UInt8]] = [:]

    /// Made when the first test asks.
    static let made = Task { try await Certificates() }

    private init() async throws {
        let directory = try TemporaryDirectory()
        func make(_ name: String, _ arguments: [String]) async throws {
            try await openssl(
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=Test \(name)", "-keyout", directory.path("\(name).key"),
                    "-out", directory.path("\(name).pem"),
                ] + arguments)
        }
        func issued(by authority: String) -> [String] {
            ["-CA", directory.path("\(authority).pem"), "-CAkey", directory.path("\(authority).key")]
        }
        let address = ["-addext", "subjectAltName=IP:127.0.0.1"]
        for name in ["ca", "other-ca", "store-ca"] {
            try await make(name, ["-addext", "basicConstraints=critical,CA:TRUE"])
        }
        try await make("server", issued(by: "ca") + address)
        try await make("stored", issued(by: "store-ca") + address)
        try await make("named", issued(by: "ca") + ["-addext", "subjectAltName=DNS:vllm.example"])
        try await make("client", issued(by: "ca"))
        try await Self.issue("expired", from: "20200101000000Z", to: "20200201000000Z", in: directory)
        try await Self.issue("future", from: "20900101000000Z", to: "20900201000000Z", in: directory)
        try await openssl(
            ["pkey", "-in", directory.path("client.key"), "-aes256", "-passout", "pass:secret"]
                + ["-out", directory.path("locked.key")])
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.url.path) {
            files[name] = try directory.read(name)
        }
    }

    /// A certificate of the authority `ca` for 127.0.0.1 that is good between two dates.
    private static func issue(_ name: String, from: String, to: String, in directory: TemporaryDirectory) async throws {
        let configuration = """
            [ca]
            default_ca = authority
            [authority]
            database = \(directory.path("index"))
            new_certs_dir = \(directory.url.path)
            rand_serial = yes
            default_md = sha256
            policy = policy
            copy_extensions = copy
            [policy]
            commonName = supplied
            """
        try directory.write(Array(configuration.utf8), to: "ca.cnf")
        try directory.write([], to: "index")
        try await openssl(
            [
                "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(name)",
                "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", directory.path("\(name).key"),
                "-out", directory.path("\(name).csr"),
            ])
        try await openssl(
            [
                "ca", "-batch", "-notext", "-config", directory.path("ca.cnf"), "-cert", directory.path("ca.pem"),
                "-keyfile", directory.path("ca.key"), "-in", directory.path("\(name).csr"),
                "-out", directory.path("\(name).pem"), "-startdate", from, "-enddate", to,
            ])
    }

    func pem(_ name: String) throws -> [UInt8] { try #require(files[name]) }
}

/// Runs `openssl` and returns what it printed.
@discardableResult
func openssl(_ arguments: [String], input: [UInt8] = []) async throws -> [UInt8] {
    try await runCommand(try #require(installedProgram("openssl"), "openssl is not installed"), arguments, input: input)
}

/// A directory that goes with this value.
final class TemporaryDirectory: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "curl-tests-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }

    func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: url.appending(path: name))) }

    func write(_ bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: url.appending(path: name)) }
}

/// An `nghttpx` that speaks TLS, and offers HTTP/2, in front of a plain server.
final class TLSProxy: Sendable {
    let port: Int
    private let process: Process
    private let hasExited: DispatchSemaphore
    private let directory: TemporaryDirectory

    /// True where the tools are missing and may be: on a developer's machine, not in CI.
    static var isMissing: Bool {
        guard installedProgram("nghttpx") == nil || installedProgram("openssl") == nil else { return false }
        print("The TLS tests need nghttpx (package nghttp2-proxy) and openssl, which are not installed.")
        return ProcessInfo.processInfo.environment["CI"] != "true"
    }

    private init(port: Int, process: Process, hasExited: DispatchSemaphore, directory: TemporaryDirectory) {
        (self.port, self.process, self.hasExited, self.directory) = (port, process, hasExited, directory)
    }

    private func stop() {
        process.terminate()
        hasExited.wait()
    }

    /// Runs `body` with a proxy before `backend`, which shows the certificate `name`.
    ///
    /// With `asksClients` it demands a client certificate of the authority `ca`.
    static func serving<Value>(
        _ backend: RawServer, as name: String = "server", asksClients: Bool = false,
        _ body: (TLSProxy) async throws -> Value
    ) async throws -> Value {
        let port = try unusedPort()
        let directory = try TemporaryDirectory()
        let certificates = try await Certificates.made.value
        try directory.write(try certificates.pem("\(name).key"), to: "key")
        try directory.write(try certificates.pem("\(name).pem"), to: "certificate")
        try directory.write(try certificates.pem("ca.pem"), to: "ca")
        let process = Process()
        process.executableURL = URL(
            fileURLWithPath: try #require(installedProgram("nghttpx"), "nghttpx is not installed"))
        process.arguments =
            [
                "--conf=/dev/null", "--single-process", "--frontend=127.0.0.1,\(port)",
                "--backend=127.0.0.1,\(backend.port)", "--accesslog-file=\(directory.path("log"))",
                "--accesslog-format=$remote_port $alpn", "--errorlog-file=/dev/null",
            ] + (asksClients ? ["--verify-client", "--verify-client-cacert=\(directory.path("ca"))"] : [])
            + [directory.path("key"), directory.path("certificate")]
        process.standardError = FileHandle.nullDevice
        let hasExited = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in hasExited.signal() }
        try process.run()
        let proxy = TLSProxy(port: port, process: process, hasExited: hasExited, directory: directory)
        defer { proxy.stop() }
        #expect(try await eventually { canConnect(to: port) })
        return try await body(proxy)
    }

    var url: String { "https://127.0.0.1:\(port)" }

    /// The client's port and the protocol of every request answered so far.
    var requests: [(port: String, version: String)] {
        let text = String(decoding: (try? directory.read("log")) ?? [], as: UTF8.self)
        return text.split(separator: "\n").map { line in
            let words = line.split(separator: " ").map(String.init)
            return (words.first ?? "", words.last ?? "")
        }
    }
}
