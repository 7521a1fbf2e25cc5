import Effects
import KubeAPI
import Testing

struct InClusterTests {
    private let directory = KubeConfiguration.serviceAccountDirectory

    private func files() -> Files {
        Files([
            "\(directory)/token": " secret\n", "\(directory)/ca.crt": pem("x"), "\(directory)/namespace": "team-a\n",
        ])
    }

    private func load(_ files: Files, _ extra: [String: String] = [:]) throws -> KubeConfiguration {
        let environment = ["KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"]
        return try KubeConfiguration.load(
            environment: environment.merging(extra) { _, new in new }, readFile: files.reader)
    }

    @Test func `148, 154: a pod finds its server, its token and its namespace`() throws {
        let configuration = try load(files())
        #expect(configuration.server == "https://10.0.0.1:443")
        #expect(configuration.credentials == .tokenFile("\(directory)/token"))
        #expect(configuration.namespace == "team-a")
        #expect(configuration.tls.authorities == Array(pem("x").utf8))
        #expect(configuration.tls.verifies)
    }

    @Test func `148: an IPv6 address is bracketed`() throws {
        #expect(try load(files(), ["KUBERNETES_SERVICE_HOST": "fd00::1"]).server == "https://[fd00::1]:443")
    }

    @Test func `154: POD_NAMESPACE goes first`() throws {
        #expect(try load(files(), ["POD_NAMESPACE": "mine"]).namespace == "mine")
    }

    @Test(arguments: ["token", "ca.crt", "namespace"], [nil, "", " \n"])
    func `150, 152: a missing or empty file is an error that names it`(file: String, content: String?) throws {
        let files = files()
        files["\(directory)/\(file)"] = content
        let error = try #require(throws: KubeConfigurationError.self) { try load(files) }
        #expect(error.description.contains("\(directory)/\(file)"))
    }

    @Test func `148: host without port is an error`() throws {
        let error = try #require(throws: KubeConfigurationError.self) {
            try load(files(), ["KUBERNETES_SERVICE_PORT": ""])
        }
        #expect(error.description.contains("KUBERNETES_SERVICE_PORT"))
    }

    @Test func `no cluster anywhere is an error that says what to do`() throws {
        let error = try #require(throws: KubeConfigurationError.self) {
            try KubeConfiguration.load(environment: ["HOME": "/home/u"], readFile: Files([:]).reader)
        }
        #expect(error.description.contains("/home/u/.kube/config"))
    }
}
