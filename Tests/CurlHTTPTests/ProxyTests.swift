import CurlHTTP
import Effects
import Foundation
import TestSupport
import Testing

struct ProxyTests {
    @Test func `20: proxy variables and netrc of the environment are ignored`() async throws {
        // In a process of its own: the environment is global.
        await #expect(processExitsWith: .success) {
            let proxy = try RawServer { $0.readRequest() }
            let server = try RawServer { connection in
                while connection.readRequest() != nil { connection.reply() }
            }
            let home = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
            try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: home) }
            let netrc = Data("machine 127.0.0.1 login user password secret\n".utf8)
            try netrc.write(to: home.appending(path: ".netrc"))
            unsafe setenv("HOME", home.path, 1)
            for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
                unsafe setenv(name, proxy.url, 1)
            }
            unsafe setenv("no_proxy", "", 1)
            let reply = try await withTransport { try await $0.send(.get(server.url)) }
            precondition(reply.head.status == 200)
            precondition(proxy.acceptCount == 0)
            precondition(server.requests.first?["Authorization"] == nil)
            server.stop()
            proxy.stop()
        }
    }

    @Test func `a named proxy is asked, and NO_PROXY does not matter`() async throws {
        let script = answering { connection, _ in connection.reply(body: "proxied") }
        try await RawServer.serving(script) { proxy async throws in
            try await withTransport { transport async throws in
                let url = proxy.url.replacing("//", with: "//user:secret@")
                let reply = try await transport.send(.get("http://10.0.0.3:8000/v1") { $0.proxy = .url(url) })
                #expect(reply.text == "proxied")
            }
            let request = try #require(proxy.requests.first)
            #expect(request.lines.first == "GET http://10.0.0.3:8000/v1 HTTP/1.1")
            #expect(request["Proxy-Authorization"] == "Basic dXNlcjpzZWNyZXQ=")
        }
    }

    @Test func `a proxy that refuses the tunnel means not connected, and sees no header of the request`() async throws {
        let script: RawServer.Script = { connection in
            connection.readRequest()
            connection.send("HTTP/1.1 403 Forbidden\nContent-Length: 0\n\n")
        }
        try await RawServer.serving(script) { proxy async throws in
            try await withTransport { transport async throws in
                var request = HTTPRequest.get("https://10.0.0.3:6443/api?token=x") { $0.proxy = .url(proxy.url) }
                request.headers = [HTTPHeader("Authorization", "Bearer secret")]
                let failure = try #require(try await transport.failure(of: request))
                #expect(failure.kind == .connectFailed)
                #expect(!failure.mayHaveBeenReceived)
                #expect(failure.message.contains("10.0.0.3 port 6443"))
            }
            let request = try #require(proxy.requests.first)
            #expect(request.lines.first == "CONNECT 10.0.0.3:6443 HTTP/1.1")
            #expect(request["Authorization"] == nil)
        }
    }

    @Test(arguments: ["socks5", "SOCKS5"])
    func `160: a SOCKS proxy is told the name, which it alone may know`(scheme: String) async throws {
        let asked = Collected<String>()
        let script: RawServer.Script = { connection in
            guard let greeting = connection.read(2), connection.read(Int(greeting[1])) != nil else { return }
            connection.send(bytes: [5, 0])
            guard let head = connection.read(5), let name = connection.read(Int(head[4]) + 2) else { return }
            asked.append(head[3] == 3 ? String(decoding: name.dropLast(2), as: UTF8.self) : "an address")
            connection.send(bytes: [5, 0, 0, 1, 127, 0, 0, 1, 0, 80])
            connection.readRequest()
            connection.reply(body: "proxied")
        }
        try await RawServer.serving(script) { proxy async throws in
            try await withTransport { transport async throws in
                let url = "\(scheme)://127.0.0.1:\(proxy.port)"
                let reply = try await transport.send(.get("http://inner.invalid/v1") { $0.proxy = .url(url) })
                #expect(reply.text == "proxied")
            }
        }
        #expect(asked.all == ["inner.invalid"])
    }

    @Test func `a proxy that is not there is not the server refusing`() async throws {
        let port = try unusedPort()
        try await withTransport { transport async throws in
            let request = HTTPRequest.get("http://10.0.0.3") { $0.proxy = .url("http://127.0.0.1:\(port)") }
            #expect(try await transport.failure(of: request)?.kind == .connectFailed)
        }
    }
}
