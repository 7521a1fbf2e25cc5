import CurlHTTP
import DynamicJSON
import Effects
import Testing
import VLLMSimulator

@Suite struct FleetControlTests {
    private let servers: [SimulatedServer]
    private let control: FleetControl

    init() {
        servers = (0..<2).map { _ in
            SimulatedServer(ServerConfiguration(), time: SystemTime(), random: SystemRandom())
        }
        control = FleetControl(servers: servers)
    }

    private func ask(_ method: HTTPRequest.Method, _ path: String, _ body: String = "") async throws -> (Int, JSONValue)
    {
        let response = try await control.respond(to: HTTPRequest(method, path, body: Array(body.utf8)))
        var bytes: [UInt8] = []
        for try await chunk in response.body { bytes += chunk }
        return (response.head.status, try #require(JSONValue(parsing: bytes)))
    }

    private func status(of server: Int, _ path: String) async throws -> Int {
        try await servers[server].respond(to: HTTPRequest(.get, path)).head.status
    }

    @Test func `a server tells what it holds, and how often it was asked`() async throws {
        _ = try await ask(.post, "/simulator/vllm-1/load", #"{"lora_name":"sql","lora_path":"/a"}"#)
        _ = try await status(of: 1, "/health")
        let (code, server) = try await ask(.get, "/simulator/vllm-1")
        #expect(code == 200)
        #expect(server["adapters"] == [["name": "sql", "path": "/a"]])
        #expect(server["requests", "health"] == 1)
        #expect(try await ask(.get, "/simulator").1.arrayValue?.count == 2)
        #expect(servers[0].adapters.isEmpty)
    }

    @Test func `verbs break servers and mend them`() async throws {
        _ = try await ask(.post, "/simulator/vllm-0/kill-engine")
        #expect(try await status(of: 0, "/health") == 503)
        _ = try await ask(.post, "/simulator/all/revive-engine")
        #expect(try await status(of: 0, "/health") == 200)
        _ = try await ask(.post, "/simulator/all/stop")
        #expect(!servers[0].isListening && !servers[1].isListening)
        _ = try await ask(.post, "/simulator/vllm-0/start")
        #expect(servers[0].isListening && !servers[1].isListening)
    }

    @Test func `a fault hits what it is for, so often as it says`() async throws {
        let fault = #"{"fault":"answer","status":418,"operation":"models","times":1}"#
        #expect(try await ask(.post, "/simulator/vllm-0/fault", fault).0 == 200)
        #expect(try await status(of: 0, "/health") == 200)
        #expect(try await status(of: 0, "/v1/models") == 418)
        #expect(try await status(of: 0, "/v1/models") == 200)
    }

    @Test func `files that go away end a server at the next request that needs them`() async throws {
        for name in ["a", "b", "c"] {
            _ = try await ask(.post, "/simulator/vllm-0/load", "{\"lora_name\":\"\(name)\",\"lora_path\":\"/\(name)\"}")
        }
        #expect(try await ask(.post, "/simulator/vllm-0/files", #"{"path":"/a","holds":"nothing"}"#).0 == 200)
        #expect(servers[0].isListening)

        #expect(try await servers[0].complete("a").status == 500)

        #expect(!servers[0].isListening)
    }

    @Test(arguments: [
        (#""broken","message":"no weights""#, "no weights"), (#""rank","rank":64"#, "rank 64 is greater"),
        (#""nothing""#, "No adapter found"), (#""adapter""#, "Success"), (#""other-base""#, "Success"),
    ])
    func `what a path holds is said at the control port`(holds: String, answer: String) async throws {
        #expect(try await ask(.post, "/simulator/all/files", "{\"path\":\"/x\",\"holds\":\(holds)}").0 == 200)

        #expect(try await servers[1].load("x", "/x").text.contains(answer))
    }

    @Test(arguments: [
        ("/simulator/vllm-0/files", #"{"path":"/x","holds":"gold"}"#, 400, "\"gold\" is none of adapter"),
        ("/simulator/vllm-0/files", #"{"path":"/x","holds":"rank"}"#, 400, "\"rank\" is a whole number"),
        ("/simulator/vllm-7/stop", "", 404, "there is no server vllm-7; name one from vllm-0 to vllm-1, or all"),
        ("/simulator/vllm-0/explode", "", 404, "explode is none of stop"),
        ("/simulator/vllm-0/load", "{}", 400, "the body needs \"lora_name\", a text"),
        ("/simulator/vllm-0/fault", #"{"fault":"boom"}"#, 400, "\"boom\" is none of hang"),
        ("/simulator/vllm-0/fault", #"{"fault":"slow","seconds":1e300}"#, 400, "a slow answer needs \"seconds\""),
        ("/simulator/vllm-0/fault", #"{"fault":"drop","times":-1}"#, 400, "\"times\" is a whole number"),
        ("/simulator/vllm-0/fault", "[", 400, "the body is not a JSON object"),
        ("/other", "", 404, "the simulator is at /simulator"),
    ])
    func `what cannot be done is said in one line`(path: String, body: String, code: Int, message: String) async throws
    {
        let (status, answer) = try await ask(.post, path, body)
        #expect(status == code)
        #expect(answer["message"]?.stringValue?.hasPrefix(message) == true, "\(answer)")
    }
}
