import CurlHTTP
import Effects
import TestSupport
import Testing

/// Where HTTP/2 is spoken and where it is not.
@Suite(.disabled(if: TLSProxy.isMissing, "nghttpx or openssl is not installed"))
struct HTTP2Tests {
    private let certificates: Certificates
    private let body = String(repeating: "0123456789abcdef", count: (4 << 20) / 16)

    init() throws { certificates = try Certificates() }

    private func serving(_ body: (CurlTransport, TLSProxy, TLSOptions) async throws -> Void) async throws {
        let large = self.body
        let script = answering { connection, request in
            connection.reply(body: request.lines.first?.contains("/large") == true ? large : "ok")
        }
        var tls = TLSOptions()
        tls.authorities = try certificates.pem("ca.pem")
        try await RawServer.serving(script) { server async throws in
            try await TLSProxy.serving(server, certificates) { proxy async throws in
                try await withTransport { try await body($0, proxy, tls) }
            }
        }
    }

    @Test func `requests at once share one connection, bodies included`() async throws {
        try await serving { (transport, proxy, tls) async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<50 {
                    group.addTask { () async throws in
                        var request = HTTPRequest.get(proxy.url) { $0.tls = tls }
                        if number % 2 == 0 {
                            request.method = .post
                            request.body = Array(repeating: 1, count: 100_000)
                        }
                        #expect(try await transport.send(request).text == "ok")
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await eventually { proxy.requests.count == 50 })
            #expect(Set(proxy.requests.map(\.version)) == ["h2"])
            #expect(Set(proxy.requests.map(\.port)).count == 1)
        }
    }

    @Test func `streams, own and fresh connections speak HTTP 1 beside an HTTP 2 connection`() async throws {
        try await serving { (transport, proxy, tls) async throws in
            let changes: [(inout HTTPOptions) -> Void] = [
                { _ in }, { $0.totalTimeout = nil }, { $0.connection = .own("x") }, { $0.connection = .fresh }, { _ in },
            ]
            for change in changes {
                let request = HTTPRequest.get(proxy.url) {
                    $0.tls = tls
                    change(&$0)
                }
                #expect(try await transport.send(request).text == "ok")
            }
            #expect(try await eventually { proxy.requests.count == changes.count })
            #expect(proxy.requests.map(\.version) == ["h2", "http/1.1", "http/1.1", "http/1.1", "h2"])
            #expect(Set(proxy.requests.map(\.port)).count == 4)
        }
    }

    @Test func `a slow reader gets everything, and not more than the limit is held for it`() async throws {
        try await serving { (transport, proxy, tls) async throws in
            func read(limit: Int) async throws -> Int {
                let request = HTTPRequest.get("\(proxy.url)/large") {
                    $0.tls = tls
                    $0.bodyLimit = limit
                }
                return try await transport.withResponse(to: request) { response in
                    try await Task.sleep(for: .milliseconds(300))
                    var count = 0
                    for try await chunk in response.body { count += chunk.count }
                    return count
                }
            }
            #expect(try await read(limit: body.utf8.count) == body.utf8.count)
            let failure = try await failure { _ = try await read(limit: 1 << 20) }
            #expect(failure?.kind == .tooLarge)
        }
    }

    @Test func `cancelling one exchange leaves the others on the connection alone`() async throws {
        try await serving { (transport, proxy, tls) async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask { () async throws in
                        let task = Task {
                            try await transport.send(.get("\(proxy.url)/large") { $0.tls = tls }).body.count
                        }
                        if number % 2 == 0 {
                            task.cancel()
                            _ = await task.result
                        } else {
                            #expect(try await task.value == 4 << 20)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
