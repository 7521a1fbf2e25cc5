import CurlHTTP
import Effects
import Foundation
import TestSupport
import Testing

/// Certificates for one test run, made by the `openssl` command in a directory that goes with this value.
final class Certificates: Sendable {
    let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "curl-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try make("ca", "/CN=Test CA", ["-addext", "basicConstraints=critical,CA:TRUE"])
        try make("other-ca", "/CN=Other CA", ["-addext", "basicConstraints=critical,CA:TRUE"])
        let issuer = ["-CA", path("ca.pem"), "-CAkey", path("ca.key")]
        try make("server", "/CN=server", issuer + ["-addext", "subjectAltName=IP:127.0.0.1"])
        try make("named", "/CN=named", issuer + ["-addext", "subjectAltName=DNS:vllm.example"])
        try make("client", "/CN=client", issuer)
        try openssl([
            "pkey", "-in", path("client.key"), "-aes256", "-passout", "pass:secret", "-out", path("locked.key"),
        ])
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    func path(_ name: String) -> String { directory.appending(path: name).path }

    func pem(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: directory.appending(path: name))) }

    @discardableResult
    func openssl(_ arguments: [String]) throws -> [UInt8] {
        try run(try #require(program("openssl"), "openssl is not installed"), arguments)
    }

    private func make(_ name: String, _ subject: String, _ arguments: [String]) throws {
        try openssl(
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", subject, "-keyout", path("\(name).key"), "-out", path("\(name).pem"),
            ] + arguments)
    }
}

/// An `nghttpx` that speaks TLS, and offers HTTP/2, in front of a plain server.
final class TLSProxy: Sendable {
    let port: Int
    private let process: Process
    private let accessLog: String

    /// True where the tools are missing and may be: on a developer's machine, not in CI.
    static var isMissing: Bool {
        guard program("nghttpx") == nil || program("openssl") == nil else { return false }
        print("The TLS tests need nghttpx (package nghttp2-proxy) and openssl, which are not installed.")
        return ProcessInfo.processInfo.environment["CI"] != "true"
    }

    private init(port: Int, process: Process, accessLog: String) {
        (self.port, self.process, self.accessLog) = (port, process, accessLog)
    }

    /// Runs `body` with a proxy before `backend`, which shows the certificate `name`.
    static func serving<Value>(
        _ backend: RawServer, as name: String = "server", _ certificates: Certificates, _ arguments: [String] = [],
        _ body: (TLSProxy) async throws -> Value
    ) async throws -> Value {
        let port = try unusedPort()
        let log = certificates.path("access-\(port).log")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(program("nghttpx"), "nghttpx is not installed"))
        process.arguments =
            [
                "--conf=/dev/null", "--single-process", "--frontend=127.0.0.1,\(port)",
                "--backend=127.0.0.1,\(backend.port)", "--accesslog-file=\(log)",
                "--accesslog-format=$remote_port $alpn", "--errorlog-file=/dev/null",
            ] + arguments + [certificates.path("\(name).key"), certificates.path("\(name).pem")]
        process.standardError = FileHandle.nullDevice
        try process.run()
        let proxy = TLSProxy(port: port, process: process, accessLog: log)
        defer {
            process.terminate()
            process.waitUntilExit()
        }
        #expect(try await eventually { canConnect(to: port) })
        return try await body(proxy)
    }

    var url: String { "https://127.0.0.1:\(port)" }

    /// The client's port and the protocol of every request answered so far.
    var requests: [(port: String, version: String)] {
        let text = (try? String(contentsOfFile: accessLog, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map { line in
            let words = line.split(separator: " ").map(String.init)
            return (words.first ?? "", words.last ?? "")
        }
    }
}
