import DynamicJSON
import Effects
import KubeAPI
import Synchronization
import TestSupport
import Testing

/// A plugin whose runs are scripted.
private final class Plugin: Sendable {
    private let runs = Mutex<(programs: [Program], outputs: [String])>(([], []))
    private let firstHangs: Bool

    init(_ outputs: [String], firstHangs: Bool = false) {
        self.firstHangs = firstHangs
        runs.withLock { $0.outputs = outputs.reversed() }
    }

    var programs: [Program] { runs.withLock { $0.programs } }

    func run(_ program: Program) async throws -> [UInt8] {
        let output = runs.withLock { runs in
            runs.programs.append(program)
            return runs.outputs.popLast()
        }
        while firstHangs, programs.count == 1 {
            try Task.checkCancellation()
            await Task.yield()
        }
        // Whoever else wants a proof gets the time to ask for it.
        for _ in 0..<20 { await Task.yield() }
        guard let output else { throw ProgramFailure("failed, exited(1): no profile") }
        return Array(output.utf8)
    }
}

struct CredentialPluginTests {
    private static let version = "client.authentication.k8s.io/v1"
    private let key = NamespacedName(namespace: "demo", name: "sql")
    private let time = InstantTime()

    private static let ok: ScriptedTransport.Answer = { _ in
        .json(
            #"{"apiVersion":"lora-operator.dev/v1alpha1","kind":"LoRAAdapter","#
                + #""metadata":{"name":"sql","namespace":"demo"},"spec":{"loraPath":"/a"}}"#)
    }
    private static let unauthorized: ScriptedTransport.Answer = { _ in
        .json(statusBody(401, "Unauthorized"), status: 401)
    }

    private func credential(_ status: String, version: String = version) -> String {
        #"{"apiVersion":"\#(version)","kind":"ExecCredential","status":{\#(status)}}"#
    }

    private func token(_ name: String, expires: String? = nil) -> String {
        credential(#""token":"\#(name)""# + (expires.map { #","expirationTimestamp":"\#($0)""# } ?? ""))
    }

    private func load(_ user: String, cluster: String = "server: https://h") throws -> KubeConfiguration {
        let text = """
            current-context: c
            clusters: [{name: c, cluster: {\(cluster)}}]
            users: [{name: c, user: \(user)}]
            contexts: [{name: c, context: {cluster: c, user: c}}]
            """
        return try KubeConfiguration.load(
            kubeconfig: "/k/config", environment: [:], readFile: Files(["/k/config": text]).reader)
    }

    /// A client of a user with that plugin, in front of a server with those answers.
    private func client(
        _ plugin: Plugin, _ answers: [ScriptedTransport.Answer], server: String = "https://h", exec: String = ""
    ) throws -> (KubeClient, ScriptedTransport) {
        let transport = ScriptedTransport(answers) { _ in throw HTTPFailure(.connectionRefused, "the script has ended")
        }
        var configuration = try load(
            "{exec: {command: aws, apiVersion: \(Self.version), interactiveMode: Never\(exec)}}",
            cluster: "server: \(server)")
        configuration.runProgram = plugin.run
        let effects = Effects(http: transport, time: time, random: FixedRandom())
        return (KubeClient(configuration: configuration, effects: effects, userAgent: "test/1"), transport)
    }

    private func tokens(_ transport: ScriptedTransport) -> [String?] {
        transport.requests.map { $0.headers.first(named: "Authorization") }
    }

    @Test func `162: a plugin runs once for all requests until its token expires`() async throws {
        let plugin = Plugin([token("one", expires: "1970-01-01T00:10:00Z"), token("two")])
        let (client, transport) = try client(plugin, Array(repeating: Self.ok, count: 12))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<10 { group.addTask { _ = try await client.get(TestAdapter.self, key) } }
            try await group.waitForAll()
        }
        #expect(plugin.programs.count == 1)
        time.advance(by: .seconds(601))
        _ = try await client.get(TestAdapter.self, key)
        time.advance(by: .seconds(1_000_000))
        _ = try await client.get(TestAdapter.self, key)
        #expect(plugin.programs.count == 2)
        #expect(
            tokens(transport) == Array(repeating: "Bearer one", count: 10) + ["Bearer two", "Bearer two"])
    }

    @Test func `162: a refused token is renewed once`() async throws {
        let plugin = Plugin([token("one"), token("two"), token("three")])
        let (client, transport) = try client(
            plugin, [Self.unauthorized, Self.ok, Self.unauthorized, Self.unauthorized])
        _ = try await client.get(TestAdapter.self, key)
        await #expect(throws: APIError.self) { try await client.get(TestAdapter.self, key) }
        #expect(tokens(transport) == ["Bearer one", "Bearer two", "Bearer two", "Bearer three"])
    }

    @Test func `162: a credential that is said to have expired is shown, and asked for again soon`() async throws {
        time.advance(by: .seconds(3600))
        let plugin = Plugin([
            token("one", expires: "1970-01-01T00:10:00Z"), token("two", expires: "1970-01-01T00:10:00Z"),
        ])
        let (client, transport) = try client(plugin, Array(repeating: Self.ok, count: 4))
        for pause in [0, 1, 3, 1] {
            time.advance(by: .seconds(pause))
            _ = try await client.get(TestAdapter.self, key)
        }
        #expect(tokens(transport) == ["Bearer one", "Bearer one", "Bearer one", "Bearer two"])
        #expect(plugin.programs.count == 2)
    }

    @Test func `162: a certificate of a plugin is shown`() async throws {
        let text = pem("c").replacing("\n", with: "\\n")
        let plugin = Plugin([credential(#""clientCertificateData":"\#(text)","clientKeyData":"\#(text)""#)])
        let (client, transport) = try client(plugin, [Self.ok])
        _ = try await client.get(TestAdapter.self, key)
        let tls = try #require(transport.requests.first?.options.tls)
        #expect(tls.clientCertificate == Array(pem("c").utf8))
        #expect(tls.clientKey == Array(pem("c").utf8))
        #expect(tokens(transport) == [nil])
    }

    @Test(arguments: [
        ("", "printed no ExecCredential"), ("{}", "printed no ExecCredential"),
        (#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential"}"#, "printed no status"),
        (
            #"{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"canary"}}"#,
            "v1 is expected"
        ),
        (#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{}}"#, "neither a token"),
        (
            #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"clientKeyData":"canary"}}"#,
            "without the other"
        ),
        (
            #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","#
                + #""status":{"clientKeyData":"canary","clientCertificateData":"canary"}}"#, "not PEM"
        ),
        (
            #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","#
                + #""status":{"token":"canary","expirationTimestamp":"soon"}}"#, "expires when nobody can tell"
        ),
    ])
    func `162: what is no credential is named, and never repeated in full`(output: String, part: String) async throws {
        let plugin = Plugin([output])
        let (client, transport) = try client(plugin, [], exec: ", installHint: 'see example.org'")
        let error = await #expect(throws: APIError.self) { try await client.get(TestAdapter.self, key) }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("get loraadapters demo/sql: the credential plugin aws "))
        #expect(text.contains(part))
        #expect(text.hasSuffix("; see example.org"))
        #expect(!text.contains("canary"))
        #expect(error?.isTransient == true)
        #expect(error?.outcomeIsUnknown == false)
        #expect(transport.requests.isEmpty)
    }

    @Test func `162: a plugin that fails is not run by every request`() async throws {
        let plugin = Plugin([])
        let (client, transport) = try client(plugin, [Self.ok])
        for _ in 0..<5 { await #expect(throws: APIError.self) { try await client.get(TestAdapter.self, key) } }
        #expect(plugin.programs.count == 1)
        time.advance(by: .seconds(5))
        await #expect(throws: APIError.self) { try await client.get(TestAdapter.self, key) }
        #expect(plugin.programs.count == 2)
        #expect(transport.requests.isEmpty)
    }

    @Test func `162: whoever waits for a cancelled run runs the plugin`() async throws {
        let plugin = Plugin([token("one"), token("two")], firstHangs: true)
        let (client, transport) = try client(plugin, [Self.ok])
        let first = Task { try await client.get(TestAdapter.self, key) }
        #expect(try await eventually { plugin.programs.count == 1 })
        let second = Task { try await client.get(TestAdapter.self, key) }
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        _ = try await second.value
        #expect(tokens(transport) == ["Bearer two"])
    }

    @Test func `164: no plugin runs for a server in clear text`() async throws {
        let plugin = Plugin([token("one")])
        let (client, transport) = try client(plugin, [Self.ok], server: "http://h")
        _ = try await client.get(TestAdapter.self, key)
        #expect(plugin.programs.isEmpty)
        #expect(tokens(transport) == [nil])
    }

    @Test func `162: the plugin is told what is expected, and of the cluster where it asks`() async throws {
        let plugin = Plugin([token("one")])
        let (client, _) = try client(
            plugin, [Self.ok],
            server: "https://h/, tls-server-name: n, extensions: "
                + "[{name: client.authentication.k8s.io/exec, extension: {audience: [a, 1]}}]",
            exec: ", args: [get, token], env: [{name: PROFILE, value: p}], provideClusterInfo: true")
        _ = try await client.get(TestAdapter.self, key)
        let program = try #require(plugin.programs.first)
        #expect(program.command == "aws")
        #expect(program.arguments == ["get", "token"])
        #expect(program.environment["PROFILE"] == "p")
        let told = try JSON.decode(
            JSONValue.self, from: Array(try #require(program.environment["KUBERNETES_EXEC_INFO"]).utf8))
        #expect(
            told == [
                "apiVersion": .string(Self.version), "kind": "ExecCredential",
                "spec": [
                    "interactive": false,
                    "cluster": [
                        "server": "https://h", "tls-server-name": "n", "config": ["audience": ["a", 1]],
                    ],
                ],
            ])
    }

    @Test func `156: a plugin with a path starts at the directory of its kubeconfig`() throws {
        let exec = "{exec: {command: bin/aws, apiVersion: client.authentication.k8s.io/v1beta1}}"
        guard case .exec(let plugin) = try load(exec).credentials else {
            Issue.record("no plugin")
            return
        }
        #expect(plugin.command == "/k/bin/aws")
    }

    @Test func `162: a token spares the plugin`() throws {
        let user = "{token: t, exec: {command: aws, apiVersion: \(Self.version), interactiveMode: Never}}"
        #expect(try load(user).credentials == .token("t"))
    }

    @Test func `150, 157: while a token file cannot be read its kubeconfig's own token is shown`() async throws {
        let files = Files([:])
        let server = ScriptedClient(
            Array(repeating: Self.ok, count: 2), credentials: .tokenFile("/token", fallback: "inline"),
            readFile: files.reader)
        _ = try await server.client.get(TestAdapter.self, key)
        files["/token"] = "rotated"
        server.time.advance(by: .seconds(60))
        _ = try await server.client.get(TestAdapter.self, key)
        let shown = server.transport.requests.map { $0.headers.first(named: "Authorization") }
        #expect(shown == ["Bearer inline", "Bearer rotated"])
    }

    @Test func `161: requests say whom they act as, also where a plugin says who acts`() async throws {
        let user =
            "{as: 'system:x', as-uid: '7', as-groups: [b, a], as-user-extra: {'Example.org/R%': [1, 2], 'ÉA': ['']}, token: t}"
        let configuration = try load(user)
        let transport = ScriptedTransport([Self.ok]) { _ in throw HTTPFailure(.connectionRefused, "over") }
        let client = KubeClient(
            configuration: configuration, effects: Effects(http: transport, time: time, random: FixedRandom()),
            userAgent: "test/1")
        _ = try await client.get(TestAdapter.self, key)
        let sent = try #require(transport.requests.first).headers.filter { $0.name.hasPrefix("Impersonate") }
        #expect(
            sent == [
                HTTPHeader("Impersonate-User", "system:x"), HTTPHeader("Impersonate-Uid", "7"),
                HTTPHeader("Impersonate-Group", "b"), HTTPHeader("Impersonate-Group", "a"),
                HTTPHeader("Impersonate-Extra-example.org%2Fr%25", "1"),
                HTTPHeader("Impersonate-Extra-example.org%2Fr%25", "2"), HTTPHeader("Impersonate-Extra-%C3%89a", ""),
            ])
    }
}
