import Effects
import FoundationEssentials
import KubeAPI
import Testing

struct KubeconfigTests {
    /// A kubeconfig with one cluster, user and context, all named `c`.
    private func config(
        cluster: String = "server: https://h:6443", user: String = "{}", namespace: String? = nil, name: String = "c"
    ) -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: \(name)
        clusters: [{name: \(name), cluster: {\(cluster)}}]
        users: [{name: \(name), user: \(user)}]
        contexts: [{name: \(name), context: {cluster: \(name), user: \(name)\(namespace.map { ", namespace: \($0)" } ?? "")}}]
        """
    }

    private func load(_ text: String, files: [String: String] = [:]) throws -> KubeConfiguration {
        try KubeConfiguration.load(
            kubeconfig: "/k/config", environment: [:],
            readFile: Files(files.merging(["/k/config": text]) { _, new in new }).reader)
    }

    private func message(_ text: String, files: [String: String] = [:]) throws -> String {
        try #require(throws: KubeConfigurationError.self) { try load(text, files: files) }.description
    }

    @Test func `the current context decides`() throws {
        let configuration = try load(config(namespace: "prod"))
        #expect(configuration.server == "https://h:6443")
        #expect(configuration.namespace == "prod")
        #expect(configuration.tls.verifies, "158: also where nothing is said")
        #expect(configuration.credentials == .none)
        #expect(try load(config()).namespace == "default")
        for server in [
            "https://h:6443/base", "https://[fd00::1]:6443/k8s/clusters/c-1", "http://10.0.0.1", "https://[::1]",
        ] {
            #expect(try load(config(cluster: "server: '\(server)/'")).server == server)
        }
    }

    @Test func `157: data wins over files, and tokenFile over token`() throws {
        let data = pemData("in place")
        let configuration = try load(
            config(
                cluster: "server: https://h, certificate-authority: ca.pem, certificate-authority-data: \(data)",
                user: "{token: inline, tokenFile: t}"),
            files: ["/k/ca.pem": pem("other"), "/k/t": "rotated"])
        #expect(configuration.tls.authorities == Array(pem("in place").utf8))
        #expect(configuration.credentials == .tokenFile("/k/t", fallback: "inline"))
    }

    @Test(arguments: [[:], ["/k/t": ""], ["/k/t": " \n"]])
    func `150, 157: a tokenFile without a token is an error, and no connection of nobody`(
        files: [String: String]
    ) throws {
        #expect(
            try message(config(user: "{tokenFile: t}"), files: files).contains("tokenFile /k/t is missing or empty"))
    }

    @Test func `156: relative paths start at the directory of their file`() throws {
        let configuration = try load(
            config(
                cluster: "server: https://h, certificate-authority: pki/ca.pem",
                user: "{client-certificate: ../c.pem, client-key: /abs/k.pem}"),
            files: ["/k/pki/ca.pem": pem("ca"), "/k/../c.pem": pem("c"), "/abs/k.pem": pem("k")])
        #expect(configuration.tls.authorities == Array(pem("ca").utf8))
        #expect(configuration.tls.clientCertificate == Array(pem("c").utf8))
        #expect(configuration.tls.clientKey == Array(pem("k").utf8))
    }

    @Test func `155: the first file that has an entry wins, missing files are skipped`() throws {
        let first = "current-context: c\nclusters: [{name: c, cluster: {server: https://first}}]"
        let files = Files(["/a": first, "/b": config(cluster: "server: https://second, tls-server-name: x")])
        let configuration = try KubeConfiguration.load(
            environment: ["KUBECONFIG": "/missing:/a::/b:/a", "HOME": "/root"], readFile: files.reader)
        #expect(configuration.server == "https://first")
        #expect(configuration.tls.serverName == nil, "entries are taken whole")
    }

    @Test func `155: a file that is there and cannot be read is an error, and no other file's user is taken`() throws {
        let files = Files(["/b": config()])
        let reader = FileReader(contents: files.reader.callAsFunction) { $0 == "/a" }
        let error = try #require(throws: KubeConfigurationError.self) {
            try KubeConfiguration.load(environment: ["KUBECONFIG": "/missing:/a:/b"], readFile: reader)
        }
        #expect(error.description.contains("/a is there"))
        #expect(FileReader.system.exists("/"), "a directory is no file to be left out")
        #expect(FileReader.system("/") == nil)
    }

    @Test func `155: one broken file of several is an error`() throws {
        let files = Files(["/a": config(), "/b": "clusters: ["])
        let error = try #require(throws: KubeConfigurationError.self) {
            try KubeConfiguration.load(environment: ["KUBECONFIG": "/a:/b"], readFile: files.reader)
        }
        #expect(error.description.contains("/b"))
    }

    @Test func `166: the flag wins over KUBECONFIG, that over the pod, that over the home directory`() throws {
        let directory = KubeConfiguration.serviceAccountDirectory
        let files = Files([
            "/flag": config(cluster: "server: https://flag"), "/env": config(cluster: "server: https://env"),
            "/h/.kube/config": config(cluster: "server: https://home"), "\(directory)/token": "t",
            "\(directory)/ca.crt": pem("x"), "\(directory)/namespace": "n",
        ])
        var environment = [
            "KUBECONFIG": "/env", "KUBERNETES_SERVICE_HOST": "pod", "KUBERNETES_SERVICE_PORT": "1", "HOME": "/h",
        ]
        func server(flag: String? = nil) throws -> String {
            try KubeConfiguration.load(kubeconfig: flag, environment: environment, readFile: files.reader).server
        }
        #expect(try server(flag: "/flag") == "https://flag")
        #expect(try server() == "https://env")
        environment["KUBECONFIG"] = ""
        #expect(try server() == "https://pod:1")
        environment["KUBERNETES_SERVICE_HOST"] = nil
        #expect(try server() == "https://home")
    }

    @Test func `159, 160, 158: server name, proxy and skipped verification`() throws {
        let configuration = try load(
            config(
                cluster:
                    "server: https://h, tls-server-name: n, proxy-url: \"socks5://p:1\", insecure-skip-tls-verify: true"
            ))
        #expect(configuration.tls.serverName == "n")
        #expect(configuration.acceptsCompression)
        #expect(try !load(config(cluster: "server: https://h, disable-compression: true")).acceptsCompression)
        #expect(configuration.proxy == .url("socks5://p:1"))
        #expect(!configuration.tls.verifies)
    }

    @Test(arguments: [
        ("{exec: {command: aws, apiVersion: v1}}", "needs apiVersion client.authentication.k8s.io/v1 or v1beta1"),
        ("{exec: {apiVersion: client.authentication.k8s.io/v1}}", "names no command"),
        ("{exec: {command: aws, apiVersion: client.authentication.k8s.io/v1alpha1}}", "needs apiVersion"),
        ("{exec: {command: aws, apiVersion: client.authentication.k8s.io/v1}}", "needs interactiveMode"),
        ("{exec: {command: a, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}}", "terminal"),
        ("{auth-provider: {name: gcp}}", "auth-provider was removed"),
        ("{username: u, password: p}", "basic authentication was removed"), ("{as-groups: [admins]}", "without as"),
        ("{as-uid: '1'}", "without as"),
        ("{as-user-extra: {a: [b]}}", "without as"),
        ("{client-certificate-data: \(pemData("c"))}", "without the other"),
        ("{client-key: nowhere.pem}", "/k/nowhere.pem cannot be read"),
        ("{client-key-data: '%%%', client-certificate-data: x}", "is not base64"),
        ("{client-key-data: aGVsbG8=, client-certificate-data: \(pemData("c"))}", "168"),
    ])
    func `162, 163, 168: users that cannot be what they ask for are refused`(user: String, part: String) throws {
        let message = try message(config(user: user))
        #expect(message.contains(part == "168" ? "is not PEM" : part))
        #expect(message.contains("/k/config"))
    }

    @Test func `a user of another context may be anything`() throws {
        let text = config().replacing("users: [", with: "users: [{name: other, user: {exec: {command: x}}}, ")
        #expect(try load(text).credentials == .none)
    }

    @Test(arguments: [
        "server: ftp://h", "server: https://", "server: 'https://h?a=b'", "server: 'https://h#a'",
        "server: 'https://fd00::1:6443'",
        "server: 'https://[fd00::1'", "server: 'https://[fd00::1]6443'", "server: https://h:0",
        "server: https://h:65536",
        "server: https://h:x", "server: 'https://h:'", "server: https://:443", "server: https:///base",
        "server: 'https://h\\a'",
        "server: \"https://u:p@h\"", "server: h:6443", "server: \"https://h h\"",
        "{}", "proxy-url: \"ftp://p\", server: https://h",
        "server: https://h, insecure-skip-tls-verify: true, certificate-authority-data: \(pemData("ca"))",
    ])
    func `158: clusters that cannot be meant are refused`(cluster: String) throws {
        #expect(try message(config(cluster: cluster == "{}" ? "" : cluster)).contains("/k/config"))
    }

    @Test(arguments: [
        "", "current-context: x", "clusters: 5", "a: b: c", "\t", "[]", "42", "\u{0}", "current-context: [a]",
    ])
    func `165: what is no kubeconfig is an error in one line`(text: String) throws {
        let message = try message(text)
        #expect(message.contains("/k/config"))
        #expect(!message.contains("\n"))
    }

    @Test func `165: bytes that are no UTF-8, aliases without end, and a BOM`() throws {
        let files = Files([:])
        func load(_ bytes: [UInt8]) throws -> KubeConfiguration {
            files.set("/k", bytes)
            return try KubeConfiguration.load(kubeconfig: "/k", environment: [:], readFile: files.reader)
        }
        #expect(throws: KubeConfigurationError.self) { try load([0xFF, 0xFE, 0x61, 0x00]) }
        #expect(throws: KubeConfigurationError.self) { try load([0x61, 0x3A, 0xFF]) }
        #expect(throws: KubeConfigurationError.self) { try load(Array(repeating: 0x20, count: 17 << 20)) }
        #expect(try load([0xEF, 0xBB, 0xBF] + Array(config().utf8)).server == "https://h:6443")

        let bomb = "a0: &a0 [x,x]\n" + (1...30).map { "a\($0): &a\($0) [*a\($0 - 1),*a\($0 - 1)]\n" }.joined()
        #expect(throws: KubeConfigurationError.self) { try load(Array((bomb + config()).utf8)) }
    }

    @Test func `165: a kubeconfig of five megabytes is read`() throws {
        let data = Data(repeating: 0x61, count: 3000).base64EncodedString()
        let others = (0..<1250).map {
            "- {name: n\($0), cluster: {server: 'https://h', certificate-authority-data: \(data)}}"
        }
        let text = config().replacing("clusters: [", with: "clusters:\n\(others.joined(separator: "\n"))\n- ")
            .replacing("}]\nusers", with: "}\nusers")
        #expect(text.utf8.count > 5_000_000)
        #expect(try load(text).server == "https://h:6443")
    }

    @Test(arguments: [
        ("clusters: 5", "is not a kubeconfig: line 1: clusters: expected a list"),
        ("clusters:\n- name: c\n  cluster: {server: [a]}", "line 3: clusters[0].cluster.server: expected text"),
        ("clusters:\n- name: c\n  cluster: {disable-compression: '1'}", "disable-compression: expected true or false"),
        ("users:\n- user: {}", "is not a kubeconfig: users[0].name is missing"),
        ("users:\n- name: a\n  user: {as-user-extra: {k: v}}", "users[0].user.as-user-extra.k: expected a list"),
        ("users:\n- name: a\n  user: {exec: {env: [{value: v}]}}", "users[0].user.exec.env[0].name is missing"),
        ("users: []\nusers: []", "is not YAML: line 2: the key users is there twice"),
        ("users: [\n", "is not YAML: line 1: "), ("kind: Pod", "its kind is Pod: expected Config"),
        ("apiVersion: v2", "its apiVersion is v2: expected v1"),
    ])
    func `165: what is wrong in a kubeconfig is told with its line and field`(text: String, part: String) throws {
        let message = try message(text)
        #expect(message.contains(part), "\(message)")
    }

    @Test func `values that YAML takes for numbers and the like are still the text that they are`() throws {
        let text = config(user: "{token: 0123, client-key: null}", namespace: "1_0", name: "07")
        let configuration = try load(text)
        #expect(configuration.credentials == .token("0123"))
        #expect(configuration.namespace == "1_0")
        #expect(try !load(config(cluster: "server: https://h, insecure-skip-tls-verify: yes")).tls.verifies)
    }

    @Test func `no description shows a secret`() throws {
        let configuration = try load(
            config(cluster: "server: https://h, proxy-url: \"http://u:canary@p\"", user: "{token: canary}"))
        #expect(!"\(configuration) \(configuration.credentials)".contains("canary"))
        #expect(!String(reflecting: configuration.credentials).contains("canary"))
    }
}
