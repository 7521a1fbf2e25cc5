import Testing

/// What the built binary makes of its command line.
@Suite(.timeLimit(.minutes(10)))
struct CommandLineTests {
    @Test(arguments: [
        ["--leader-elect=maybe"], ["--allow-hub-ids=maybe"], ["--no-such-flag"], ["no-such-command"],
        ["run", "--namespace"],
        ["--probe-interval", "soon"], ["--max-concurrent-loads", "0"], ["--allowed-path-prefix", "adapters"],
        ["--allow-endpoint-cidr", "everything"], ["--log-level", "loud"],
        ["local"], ["local", "--simulate", "2", "--vllm", "http://127.0.0.1:1"], ["local", "--vllm", "not a url"],
        ["local", "--simulate", "2", "--manifests", "/no/such/directory"],
    ])
    func `a wrong command line is exit code 2 and one line`(_ arguments: [String]) async throws {
        try await withTemporaryDirectory { directory in
            try await OperatorProcess.run(arguments, in: directory) { process in
                let code = try await process.exit(within: .seconds(60))
                #expect(code == 2)
                #expect(process.lines.count == 1, "\(process.output)")
                #expect(process.lines.first?.hasPrefix("lora-operator: ") == true)
            }
        }
    }

    @Test func `a health address that is none is exit code 2 and one line`() async throws {
        try await withTemporaryDirectory { directory in
            try writeKubeconfig(to: "\(directory)/kubeconfig", server: "http://127.0.0.1:1")
            try await OperatorProcess.run(
                ["--kubeconfig", "\(directory)/kubeconfig", "--health-probe-bind-address", "nowhere"], in: directory
            ) { process in
                let code = try await process.exit(within: .seconds(60))
                #expect(code == 2)
                #expect(process.lines.count == 1, "\(process.output)")
            }
        }
    }

    @Test(arguments: [
        "--allow-hub-ids=true", "--allow-hub-ids=false", "--allow-hub-ids", "--leader-elect=true",
        "--leader-elect=false", "--leader-elect",
    ])
    func `booleans are taken as every Kubernetes component takes them`(_ flag: String) async throws {
        let (code, lines) = try await OperatorProcess.result(flag, "--kubeconfig", "/no/such/file")

        // The command line was read, and what it names is what is wrong.
        #expect(code == 1)
        #expect(lines.first?.contains("/no/such/file") == true)
    }

    @Test func `a kubeconfig that cannot be read is exit code 1 and one line that names it`() async throws {
        let (code, lines) = try await OperatorProcess.result("--kubeconfig", "/no/such/file")

        #expect(code == 1)
        #expect(lines.count == 1)
        #expect(lines.first?.contains("/no/such/file") == true)
    }

    @Test func `without any cluster to find it says what to set`() async throws {
        let (code, lines) = try await OperatorProcess.result("run")

        #expect(code == 1)
        #expect(lines.count == 1)
        #expect(lines.first?.contains("KUBECONFIG") == true)
    }

    @Test(arguments: ["version", "--version"])
    func `it tells its version and that of libcurl`(_ argument: String) async throws {
        let (code, lines) = try await OperatorProcess.result(argument)

        #expect(code == 0)
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("lora-operator ") == true)
        #expect(lines.first?.contains("libcurl/") == true)
    }

    @Test(arguments: ["--help", "help", "local --help", "run --help"])
    func `help is printed and ends well`(_ words: String) async throws {
        try await withTemporaryDirectory { directory in
            try await OperatorProcess.run(words.split(separator: " ").map(String.init), in: directory) { process in
                let code = try await process.exit(within: .seconds(60))
                #expect(code == 0)
                #expect(process.output.contains("USAGE: lora-operator"))
            }
        }
    }
}

func writeKubeconfig(to path: String, server: String, namespace: String = "default", user: String = "{}") throws {
    try write(
        """
        apiVersion: v1
        kind: Config
        clusters: [{name: test, cluster: {server: "\(server)"}}]
        contexts: [{name: test, context: {cluster: test, user: test, namespace: "\(namespace)"}}]
        users: [{name: test, user: \(user)}]
        current-context: test
        """, to: path)
}
