import Effects
import Testing

@testable import CurlHTTP

struct PreparedRequestTests {
    @Test(arguments: [
        ("http://10.0.0.3/v1", "10.0.0.3", 80), ("HTTPS://a-b.c_d", "a-b.c_d", 443),
        ("https://[fd00::1]:6443/x?y#z", "fd00::1", 6443), ("http://[::ffff:1.2.3.4]?x", "::ffff:1.2.3.4", 80),
    ])
    func `host and port are found`(url: String, host: String, port: Int) throws {
        let url = try RequestURL(url)
        #expect(url.host == host)
        #expect(url.port == port)
    }

    @Test(arguments: [
        "", "/path", "ftp://a/", "file:///etc/passwd", "http://", "http:///x", "http://a b/", "http://a/\r\nX: 1",
        "http://a/\0", "http://user:password@a/", "http://a:0/", "http://a:65536/", "http://a:x/", "http://a:-1/",
        "http://[a]/", "http://[::1/", "http://[::1]x/", "http://ä/", "http://a/ä", "http://a\\@b/", "http://a%40b/",
        "http://a:\u{0661}/",
    ])
    func `a URL that cannot be used is refused`(url: String) {
        #expect { try PreparedRequest(HTTPRequest(.get, url)) } throws: {
            ($0 as? HTTPFailure)?.kind == .invalidRequest
        }
    }

    @Test(arguments: [
        HTTPHeader("", "x"), HTTPHeader("A B", "x"), HTTPHeader("A:", "x"), HTTPHeader("A\r\nB", "x"),
        HTTPHeader("Ä", "x"), HTTPHeader("A", "x\r\nB: y"), HTTPHeader("A", "x\n"), HTTPHeader("A", "x\0"),
        HTTPHeader("content-length", "3"), HTTPHeader("Transfer-Encoding", "chunked"),
    ])
    func `a header that would change the request's framing is refused`(header: HTTPHeader) {
        #expect { try PreparedRequest(HTTPRequest(.get, "http://a/", headers: [header])) } throws: {
            ($0 as? HTTPFailure)?.kind == .invalidRequest
        }
    }

    @Test func `28: a body beyond 3 MiB and a body for HEAD are refused`() throws {
        #expect(throws: HTTPFailure.self) {
            try PreparedRequest(HTTPRequest(.post, "http://a/", body: Array(repeating: 0, count: 3 << 20 + 1)))
        }
        #expect(throws: HTTPFailure.self) { try PreparedRequest(HTTPRequest(.head, "http://a/", body: [])) }
        _ = try PreparedRequest(HTTPRequest(.post, "http://a/", body: Array(repeating: 0, count: 3 << 20)))
    }

    @Test func `another TLS name replaces the host and connects to it all the same`() throws {
        var options = HTTPOptions()
        options.tls.serverName = "vllm.example"
        let request = try PreparedRequest(HTTPRequest(.get, "https://[fd00::1]:8000/v1?x=1", options: options))
        #expect(request.url == "https://vllm.example:8000/v1?x=1")
        #expect(request.connectTo == "vllm.example:8000:[fd00::1]:8000")
        #expect(request.headerLines.contains("Host: [fd00::1]:8000"))
        options.tls.serverName = "a:1:evil:2"
        #expect(throws: HTTPFailure.self) { try PreparedRequest(HTTPRequest(.get, "https://b/", options: options)) }
    }

    @Test(arguments: ["", "not PEM"])
    func `authorities and identities that are no PEM are refused`(pem: String) {
        let changes: [(inout TLSOptions) -> Void] = [
            { $0.authorities = Array(pem.utf8) }, { $0.clientCertificate = Array(pem.utf8) },
            {
                $0.clientCertificate = Array("-----BEGIN CERTIFICATE-----".utf8)
                $0.clientKey = Array(pem.utf8)
            },
            { $0.clientKey = Array("-----BEGIN PRIVATE KEY-----".utf8) },
        ]
        for change in changes {
            var options = HTTPOptions()
            change(&options.tls)
            #expect(throws: HTTPFailure.self) { try PreparedRequest(HTTPRequest(.get, "https://a/", options: options)) }
        }
    }

    @Test(arguments: ["", "10.0.0.1:80", "ftp://a", "http://a\r\n"])
    func `a proxy that is no URL is refused`(proxy: String) {
        var options = HTTPOptions()
        options.proxy = .url(proxy)
        #expect(throws: HTTPFailure.self) { try PreparedRequest(HTTPRequest(.get, "https://a/", options: options)) }
    }
}
