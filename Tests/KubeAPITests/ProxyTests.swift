import Effects
import KubeAPI
import Testing

struct ProxyTests {
    private func proxy(_ server: String, _ environment: [String: String]) throws -> HTTPProxy {
        let config = """
            current-context: c
            clusters: [{name: c, cluster: {server: "\(server)"}}]
            contexts: [{name: c, context: {cluster: c}}]
            """
        return try KubeConfiguration.load(
            kubeconfig: "/k", environment: environment, readFile: Files(["/k": config]).reader
        ).proxy
    }

    @Test func `20: the environment's proxy is used where the kubeconfig names none`() throws {
        #expect(try proxy("https://api.example.com", ["HTTPS_PROXY": "http://p:3128"]) == .url("http://p:3128"))
        #expect(try proxy("https://api.example.com", ["https_proxy": "p:3128"]) == .url("http://p:3128"))
        #expect(try proxy("https://api.example.com", ["HTTP_PROXY": "http://p:3128"]) == .none)
        #expect(try proxy("http://api.example.com", ["HTTP_PROXY": "http://p:3128"]) == .url("http://p:3128"))
        #expect(try proxy("https://api.example.com", [:]) == .none)
    }

    @Test(arguments: [
        ("https://localhost:6443", ""), ("https://127.0.0.5", ""), ("https://[::1]:1", ""),
        ("https://10.96.0.1", "10.96.0.0/12"), ("https://10.96.0.1:443", "a,10.96.0.1"), ("https://x.y", "*"),
        ("https://api.example.com", "example.com"), ("https://api.example.com", ".example.com"),
        ("https://api.example.com", " *.EXAMPLE.com , b"), ("https://api.example.com:6443", "api.example.com:6443"),
        ("https://[fd00::1]:443", "fd00::/8"), ("https://[fd00::1]", "fd00:0:0::1"),
        ("https://[::ffff:10.0.0.1]", "10.0.0.0/8"), ("https://api.example.com", "api.example.com:443"),
    ])
    func `20, 23: NO_PROXY excepts names, addresses and networks`(server: String, list: String) throws {
        #expect(try proxy(server, ["HTTPS_PROXY": "http://p", "NO_PROXY": list]) == .none)
    }

    @Test(arguments: [
        ("https://10.112.0.1", "10.96.0.0/12"), ("https://badexample.com", "example.com"),
        ("https://api.example.com:6443", "api.example.com:443"), ("https://[fe00::1]", "fd00::/8"),
        ("https://10.0.0.1", "10.0.0.0/33,10.0.0.0/-1,/8,10.0.0.0/x,:443,::,1.2.3,256.0.0.1,:::1,fd00::1::2,"),
        ("https://1.2.3.4", "fd00::/0"), ("https://api", ""),
    ])
    func `20, 23: and nothing else`(server: String, list: String) throws {
        #expect(try proxy(server, ["HTTPS_PROXY": "http://p", "NO_PROXY": list]) == .url("http://p"))
    }
}
