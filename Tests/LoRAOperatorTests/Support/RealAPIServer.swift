import CurlHTTP
import DynamicJSON
import Effects
import Foundation
import KubeAPI
import KubeSimulator
import TestSupport

/// A kube-apiserver with its etcd, shared by all tests of a run.
///
/// The binaries come from the directory that `KUBEBUILDER_ASSETS` names, as for envtest. Real EndpointSlices refuse
/// loopback addresses, so the simulated vLLM servers need others that this machine answers: `scripts/e2e.sh` makes a
/// network namespace with some and names them in `LORA_OPERATOR_TEST_NETWORK`.
final class RealAPIServer: APIServer {
    struct Failure: Error, CustomStringConvertible { var description: String }

    @TaskLocal static var current: RealAPIServer?

    /// Why there is none; nil where there can be one.
    static var obstacle: String? {
        let environment = ProcessInfo.processInfo.environment
        guard let assets = environment["KUBEBUILDER_ASSETS"], !assets.isEmpty else {
            return "KUBEBUILDER_ASSETS does not name a directory with etcd and kube-apiserver"
        }
        for name in ["etcd", "kube-apiserver"] where !FileManager.default.isExecutableFile(atPath: "\(assets)/\(name)")
        {
            return "\(assets) has no program \(name)"
        }
        guard let network = environment["LORA_OPERATOR_TEST_NETWORK"], !network.isEmpty else {
            return "LORA_OPERATOR_TEST_NETWORK is not set: start it with make e2e"
        }
        return nil
    }

    let configuration: KubeConfiguration
    let isShared = true
    var serverNetwork: String { ProcessInfo.processInfo.environment["LORA_OPERATOR_TEST_NETWORK"] ?? "" }
    private let directory: String
    private let processes: [ServerProcess]

    /// Runs `body` with a server that is up and knows LoRAAdapter.
    static func run(_ body: @concurrent @Sendable () async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let server = try await RealAPIServer(in: directory)
            do {
                try await server.waitUntilUp()
                try await $current.withValue(server) { try await body() }
            } catch {
                await server.end()
                throw error
            }
            await server.end()
        }
    }

    private init(in directory: String) async throws {
        self.directory = directory
        let assets = ProcessInfo.processInfo.environment["KUBEBUILDER_ASSETS"] ?? ""
        let (client, peer, secure) = (try unusedPort(), try unusedPort(), try unusedPort())
        let token = UUID().uuidString
        try await Self.makeKeys(in: directory)
        try write("\(token),admin,admin,system:masters\n", to: "\(directory)/tokens.csv")
        let etcd = try ServerProcess(
            "\(assets)/etcd", log: "\(directory)/etcd.log",
            [
                "--data-dir=\(directory)/etcd", "--unsafe-no-fsync",
                "--listen-client-urls=http://127.0.0.1:\(client)", "--advertise-client-urls=http://127.0.0.1:\(client)",
                "--listen-peer-urls=http://127.0.0.1:\(peer)", "--initial-advertise-peer-urls=http://127.0.0.1:\(peer)",
                "--initial-cluster=default=http://127.0.0.1:\(peer)",
            ])
        do {
            let server = try ServerProcess(
                "\(assets)/kube-apiserver", log: "\(directory)/kube-apiserver.log",
                [
                    "--etcd-servers=http://127.0.0.1:\(client)", "--bind-address=127.0.0.1", "--secure-port=\(secure)",
                    "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
                    "--cert-dir=\(directory)", "--tls-cert-file=\(directory)/server.crt",
                    "--tls-private-key-file=\(directory)/server.key", "--token-auth-file=\(directory)/tokens.csv",
                    "--authorization-mode=RBAC", "--service-cluster-ip-range=10.0.0.0/24", "--allow-privileged",
                    // No controller makes the ServiceAccounts that it asks for.
                    "--disable-admission-plugins=ServiceAccount",
                    "--service-account-issuer=https://127.0.0.1:\(secure)/",
                    "--service-account-key-file=\(directory)/accounts.key",
                    "--service-account-signing-key-file=\(directory)/accounts.key",
                ])
            processes = [server, etcd]
        } catch {
            await etcd.stop()
            throw error
        }
        var tls = TLSOptions()
        tls.authorities = Array(try Data(contentsOf: URL(filePath: "\(directory)/server.crt")))
        configuration = KubeConfiguration(
            server: "https://127.0.0.1:\(secure)", tls: tls, credentials: .token(token), source: "kube-apiserver")
    }

    private static func makeKeys(in directory: String) async throws {
        guard let openssl = installedProgram("openssl") else { throw Failure(description: "openssl is not installed") }
        try await runCommand(
            openssl,
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "\(directory)/server.key",
                "-out", "\(directory)/server.crt",
            ])
        try await runCommand(openssl, ["genrsa", "-out", "\(directory)/accounts.key", "2048"])
    }

    private func waitUntilUp() async throws {
        let http = CurlTransport()
        defer { http.shutdown() }
        let api = ObjectAPI(configuration: configuration, http: http)
        var request = HTTPRequest(.get, "\(configuration.server)/readyz")
        request.options.tls = configuration.tls
        let isUp = try await eventually(within: .seconds(120)) {
            try check()
            return (try? await http.send(request).head.status) == 200
        }
        guard isUp else { throw Failure(description: "kube-apiserver did not get ready:\n\(processes[0].lastLines)") }
        for name in ["loraadapters", "servedmodels"] {
            for document in try JSONValue.documents(yaml: try Repository.text("crds/\(name).yaml")) {
                try await api.create("customresourcedefinitions", document)
            }
        }
        let isServed = try await eventually { (try? await api.list("loraadapters")) != nil }
        guard isServed else { throw Failure(description: "kube-apiserver does not serve LoRAAdapter") }
    }

    private func check() throws {
        for process in processes where !process.isRunning {
            throw Failure(description: "\(process.name) ended:\n\(process.lastLines)")
        }
    }

    private func end() async { for process in processes { await process.stop() } }

    /// Shared: the end of one test is not its end.
    func stop() async {}
}
