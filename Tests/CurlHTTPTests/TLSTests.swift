import CurlHTTP
import Effects
import Foundation
import TestSupport
import Testing

/// Trust and identity, against a real TLS server.
@Suite(.disabled(if: TLSProxy.isMissing, "nghttpx or openssl is not installed"))
struct TLSTests {
    private let certificates: Certificates
    private let script = answering { connection, _ in connection.reply(body: "trusted") }

    init() async throws { certificates = try await Certificates.made.value }

    private func tls(authority: String? = "ca", client: String? = nil, key: String? = nil) throws -> TLSOptions {
        var tls = TLSOptions()
        tls.authorities = try authority.map { try certificates.pem("\($0).pem") }
        tls.clientCertificate = try client.map { try certificates.pem("\($0).pem") }
        tls.clientKey = try key.map { try certificates.pem("\($0).key") }
        return tls
    }

    /// Runs `body` with the URL of a server with certificate `name`, and returns what reached the server behind it.
    private func serving(
        as name: String = "server", asksClients: Bool = false,
        _ body: (CurlTransport, TLSProxy) async throws -> Void
    ) async throws -> [RawRequest] {
        try await RawServer.serving(script) { server async throws in
            try await TLSProxy.serving(server, as: name, asksClients: asksClients) { proxy async throws in
                try await withTransport { try await body($0, proxy) }
            }
            return server.requests
        }
    }

    @Test func `172: a server of the given authority is trusted, by IP address`() async throws {
        _ = try await serving { (transport, proxy) async throws in
            let tls = try tls()
            for connection in [HTTPConnection.shared, .own("x"), .fresh] {
                let request = HTTPRequest.get(proxy.url) {
                    $0.tls = tls
                    $0.connection = connection
                }
                #expect(try await transport.send(request).text == "trusted")
            }
        }
    }

    @Test func `170: another authority, and the system's, refuse it before any byte of the request`() async throws {
        let requests = try await serving { (transport, proxy) async throws in
            for authority in ["other-ca", nil] {
                let tls = try tls(authority: authority)
                let failure = try #require(try await transport.failure(of: .get(proxy.url) { $0.tls = tls }))
                #expect(failure.kind == .tls)
                #expect(failure.message.contains("127.0.0.1 port \(proxy.port)"))
                #expect(failure.message.contains("certificate"), "\(failure)")
            }
        }
        #expect(requests.isEmpty)
    }

    @Test(arguments: [("expired", "expired"), ("future", "not yet valid")])
    func `170: a certificate whose time is over, or has not come, is refused for that`(
        name: String, reason: String
    ) async throws {
        let requests = try await serving(as: name) { (transport, proxy) async throws in
            let tls = try tls()
            let failure = try #require(try await transport.failure(of: .get(proxy.url) { $0.tls = tls }))
            #expect(failure.kind == .tls)
            #expect(failure.message.contains(reason), "\(failure)")
        }
        #expect(requests.isEmpty)
    }

    @Test func `169: the system's authorities are not trusted beside the given ones`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write(try certificates.pem("ca.pem"), to: "ca.pem")
        let store = directory.url.path
        let other = try certificates.pem("other-ca.pem")
        _ = try await serving { (_, proxy) async throws in
            let url = proxy.url
            // In a process of its own: the environment is global.
            await #expect(processExitsWith: .success) {
                [url = url as String, store = store as String, other = other as [UInt8]] in
                unsafe setenv("SSL_CERT_FILE", "\(store)/ca.pem", 1)
                unsafe setenv("SSL_CERT_DIR", store, 1)
                var options = HTTPOptions()
                options.tls.authorities = other
                let request = HTTPRequest(.get, url, options: options)
                let failure = try await withTransport { try await $0.failure(of: request) }
                precondition(failure?.kind == .tls)
            }
        }
    }

    /// Writes into the machine's own store, so only CI runs it.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["CI"] == "true", "changes /etc/ssl/certs"))
    func `an authority in the system's store is not trusted beside the given ones`() async throws {
        // An authority of its own: other tests run at the same time and must not find theirs in the store.
        let authority = try certificates.pem("store-ca.pem")
        let hash = String(decoding: try await openssl(["x509", "-hash", "-noout"], input: authority), as: UTF8.self)
        let entry = "/etc/ssl/certs/\(hash.trimmingCharacters(in: .whitespacesAndNewlines)).0"
        try Data(authority).write(to: URL(filePath: entry))
        defer { try? FileManager.default.removeItem(atPath: entry) }
        _ = try await serving(as: "stored") { (transport, proxy) async throws in
            let (system, other) = (try tls(authority: nil), try tls(authority: "other-ca"))
            #expect(try await transport.send(.get(proxy.url) { $0.tls = system }).text == "trusted")
            #expect(try await transport.failure(of: .get(proxy.url) { $0.tls = other })?.kind == .tls)
        }
    }

    @Test func `158: verification is off only when asked, and then for that request alone`() async throws {
        _ = try await serving(as: "named") { (transport, proxy) async throws in
            #expect(try await transport.send(.get(proxy.url) { $0.tls.verifies = false }).text == "trusted")
            #expect(try await transport.failure(of: .get(proxy.url))?.kind == .tls)
        }
    }

    @Test func `159, 170: a certificate for another name is refused unless that name is asked for`() async throws {
        let requests = try await serving(as: "named") { (transport, proxy) async throws in
            var tls = try tls()
            #expect(try await transport.failure(of: .get(proxy.url) { $0.tls = tls })?.kind == .tls)
            tls.serverName = "vllm.example"
            #expect(try await transport.send(.get("\(proxy.url)/v1") { $0.tls = tls }).text == "trusted")
            tls.serverName = "other.example"
            #expect(try await transport.failure(of: .get(proxy.url) { $0.tls = tls })?.kind == .tls)
        }
        #expect(requests.count == 1)
        #expect(requests.first?["Host"]?.hasPrefix("127.0.0.1:") == true)
        #expect(requests.first?.lines.first == "GET /v1 HTTP/1.1")
    }

    @Test func `a client certificate is shown, and its connection serves nobody without it`() async throws {
        let requests = try await serving(asksClients: true) { (transport, proxy) async throws in
            let (identified, anonymous) = (try tls(client: "client", key: "client"), try tls())
            #expect(try await transport.send(.get(proxy.url) { $0.tls = identified }).text == "trusted")
            #expect(try await transport.failure(of: .get(proxy.url) { $0.tls = anonymous }) != nil)
        }
        #expect(requests.count == 1)
    }

    @Test func `168: a client key that does not fit, or is encrypted, is refused without asking anybody`() async throws
    {
        _ = try await serving { (transport, proxy) async throws in
            for key in ["server", "locked"] {
                let tls = try tls(client: "client", key: key)
                #expect(try await transport.failure(of: .get(proxy.url) { $0.tls = tls })?.kind == .invalidRequest)
            }
            var broken = try tls()
            broken.authorities = Array("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n".utf8)
            #expect(try await transport.failure(of: .get(proxy.url) { $0.tls = broken })?.kind == .invalidRequest)
        }
    }

    @Test func `a server without TLS is told apart`() async throws {
        try await RawServer.serving({ connection in
            connection.send("HTTP/1.1 400 Bad Request\n\n")
            connection.waitForClose()
        }) { server async throws in
            try await withTransport { transport async throws in
                let request = HTTPRequest.get("https://127.0.0.1:\(server.port)")
                #expect(try await transport.failure(of: request)?.kind == .tls)
            }
        }
    }

    @Test func `22: connections are kept, and speak HTTP 1 even where HTTP 2 is offered`() async throws {
        _ = try await serving { (transport, proxy) async throws in
            let tls = try tls()
            for _ in 0..<20 { _ = try await transport.send(.get(proxy.url) { $0.tls = tls }) }
            #expect(try await eventually { proxy.requests.count == 20 })
            #expect(Set(proxy.requests.map(\.port)).count == 1)
            #expect(Set(proxy.requests.map(\.version)) == ["http/1.1"])
        }
    }

    @Test func `large bodies at once over TLS arrive whole, whoever else is cancelled`() async throws {
        let size = 1 << 20
        let body = String(repeating: "x", count: size)
        let large = answering { connection, _ in connection.reply(body: body) }
        let tls = try tls()
        try await RawServer.serving(large) { server async throws in
            try await TLSProxy.serving(server) { proxy async throws in
                try await withTransport { transport async throws in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for number in 0..<40 {
                            group.addTask { () async throws in
                                let task = Task {
                                    try await transport.send(.get(proxy.url) { $0.tls = tls }).body.count
                                }
                                if number % 2 == 0 { task.cancel() }
                                let result = await task.result
                                if number % 2 == 1 { #expect(try result.get() == size) }
                            }
                        }
                        try await group.waitForAll()
                    }
                }
            }
        }
    }

    @Test func `a tunnel through a proxy keeps TLS from end to end`() async throws {
        _ = try await serving { (transport, proxy) async throws in
            let port = proxy.port
            let tunnel: RawServer.Script = { connection in
                connection.readRequest()
                connection.send("HTTP/1.1 200 OK\nX-Proxy: 1\n\n")
                connection.tunnel(to: port)
            }
            let tls = try tls()
            try await RawServer.serving(tunnel) { forward async throws in
                let request = HTTPRequest.get(proxy.url) {
                    $0.tls = tls
                    $0.proxy = .url(forward.url)
                }
                let reply = try await transport.send(request)
                #expect(reply.text == "trusted")
                #expect(reply.head["X-Proxy"] == nil)
                #expect(forward.requests.map { $0.lines.first } == ["CONNECT 127.0.0.1:\(port) HTTP/1.1"])
            }
        }
    }
}
