import CurlHTTP
import Effects
import TestSupport
import Testing

/// What the server sees of a request.
struct RequestTests {
    private func received(_ requests: (String) -> [HTTPRequest]) async throws -> [RawRequest] {
        try await RawServer.serving(answering { connection, _ in connection.reply() }) { server async throws in
            try await withTransport { transport async throws in
                for request in requests(server.url) { _ = try await transport.send(request) }
            }
            return server.requests
        }
    }

    @Test func `a GET carries its own headers, Host and the encodings that can be decoded, nothing else`() async throws
    {
        let requests = try await received { url in
            [
                HTTPRequest(
                    .get, "\(url)/a/../b?x=%20&y#f", headers: [HTTPHeader("X-Empty", ""), HTTPHeader("b", "1 2")])
            ]
        }
        let lines = try #require(requests.first).lines
        #expect(lines.first == "GET /a/../b?x=%20&y HTTP/1.1")
        #expect(lines.dropFirst().first?.hasPrefix("Host: 127.0.0.1:") == true)
        #expect(lines.dropFirst(2).first?.hasPrefix("Accept-Encoding: ") == true)
        #expect(lines.dropFirst(3) == ["X-Empty:", "b: 1 2"])
    }

    @Test func `8: where compression is refused no encoding is offered`() async throws {
        let requests = try await received { url in [.get(url) { $0.acceptsCompression = false }] }
        #expect(requests.count == 1)
        #expect(requests.first?["Accept-Encoding"] == nil)
    }

    @Test func `headers that libcurl would set itself are the caller's`() async throws {
        let headers = [
            HTTPHeader("Accept", "application/json"), HTTPHeader("Host", "vllm.example"),
            HTTPHeader("User-Agent", "lora-operator/1"), HTTPHeader("Accept-Encoding", "identity"),
            HTTPHeader("Content-Type", "application/json"),
        ]
        let request = try #require(
            try await received { [HTTPRequest(.post, $0, headers: headers, body: Array("{}".utf8))] }.first)
        for header in headers { #expect(request[header.name] == header.value) }
        #expect(request.lines.count == headers.count + 2)
    }

    @Test(arguments: [HTTPRequest.Method.get, .post, .put, .patch, .delete, .options])
    func `28: any method carries a body`(method: HTTPRequest.Method) async throws {
        let body = [UInt8](repeating: 7, count: 2 << 20) + [UInt8](repeating: 9, count: 1 << 20)
        let requests = try await received { url in
            [HTTPRequest(method, url, body: body), HTTPRequest(method, url, body: [])]
        }
        #expect(requests.count == 2)
        #expect(requests.first?.lines.first == "\(method.rawValue) / HTTP/1.1")
        #expect(requests.first?.body == body)
        #expect(requests.first?["Expect"] == nil)
        #expect(requests.first?["Content-Type"] == nil)
        #expect(requests.last?["Content-Length"] == "0")
    }

    @Test func `a method without a body sends no body and waits for none`() async throws {
        let methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
        let requests = try await received { url in methods.map { HTTPRequest($0, url) } }
        #expect(
            requests.compactMap { $0.lines.first?.split(separator: " ").first.map(String.init) }
                == methods.map(\.rawValue))
        #expect(requests.map { $0["Content-Length"] } == [nil, nil, "0", "0", "0", nil, nil])
    }
}
