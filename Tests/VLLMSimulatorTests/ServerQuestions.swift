import Effects
import FoundationEssentials
import VLLMSimulator

extension SimulatedServer {
    /// A server with what a test needs of its configuration.
    static func make(
        _ version: VLLMVersion = .newest, time: ManualTime = ManualTime(),
        _ change: (inout ServerConfiguration) -> Void = { _ in }
    ) -> SimulatedServer {
        var configuration = ServerConfiguration()
        configuration.version = version
        change(&configuration)
        return SimulatedServer(configuration, time: time, random: CountingRandom())
    }

    func ask(
        _ method: HTTPRequest.Method, _ target: String, _ body: String? = nil, headers: [HTTPHeader] = []
    ) async throws -> HTTPReply {
        var headers = headers
        if body != nil { headers.append(HTTPHeader("content-type", "application/json")) }
        let response = try await respond(
            to: HTTPRequest(method, target, headers: headers, body: body.map { Array($0.utf8) }))
        return HTTPReply(head: response.head, body: try await response.body.all(limit: 1 << 20))
    }

    func load(_ name: String, _ path: String, inPlace: Bool = false) async throws -> HTTPReply {
        let flag = inPlace ? #","load_inplace":true"# : ""
        return try await ask(
            .post, "/v1/load_lora_adapter", #"{"lora_name":"\#(name)","lora_path":"\#(path)"\#(flag)}"#)
    }

    func unload(_ name: String) async throws -> HTTPReply {
        try await ask(.post, "/v1/unload_lora_adapter", #"{"lora_name":"\#(name)"}"#)
    }

    func complete(_ model: String) async throws -> HTTPReply {
        try await ask(.post, "/v1/completions", #"{"model":"\#(model)","prompt":"x"}"#)
    }

    /// What `/v1/models` lists: `id=root`.
    func listed() async throws -> [String] {
        struct List: Decodable {
            struct Card: Decodable {
                var id: String
                var root: String
            }
            var data: [Card]
        }
        let list = try JSONDecoder().decode(List.self, from: Data(try await ask(.get, "/v1/models").body))
        return list.data.map { "\($0.id)=\($0.root)" }
    }
}

extension HTTPBody {
    func all(limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in self {
            bytes += chunk
            if bytes.count > limit { throw HTTPFailure(.tooLarge, "more than \(limit) bytes") }
        }
        return bytes
    }
}

extension HTTPReply {
    var status: Int { head.status }
    var text: String { String(decoding: body, as: UTF8.self) }
}
