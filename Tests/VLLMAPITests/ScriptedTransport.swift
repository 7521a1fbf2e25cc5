import Effects
import Synchronization
import VLLMAPI

/// Answers each request with the next of its script, and remembers what was asked.
final class ScriptedTransport: HTTPTransport {
    private let script: Mutex<[Result<HTTPReply, HTTPFailure>]>
    private let asked = Mutex<[HTTPRequest]>([])

    init(_ script: [Result<HTTPReply, HTTPFailure>]) { self.script = Mutex(script.reversed()) }

    var requests: [HTTPRequest] { asked.withLock { $0 } }

    func withResponse<Value: Sendable>(
        to request: HTTPRequest, _ body: (HTTPResponse) async throws -> Value
    ) async throws -> Value {
        asked.withLock { $0.append(request) }
        guard let next = script.withLock({ $0.popLast() }) else { throw HTTPFailure(.invalidRequest, "not in script") }
        let reply = try next.get()
        return try await body(HTTPResponse(head: reply.head, body: HTTPBody(reply.body)))
    }
}

extension Result<HTTPReply, HTTPFailure> {
    static func answer(_ status: Int, _ body: String = "", contentType: String? = "application/json") -> Self {
        let headers = contentType.map { [HTTPHeader("content-type", $0)] } ?? []
        return .success(
            HTTPReply(head: HTTPResponseHead(status: status, headers: headers), body: Array(body.utf8)))
    }

    static func failure(_ kind: HTTPFailure.Kind) -> Self { .failure(HTTPFailure(kind, "what happened")) }
}

extension VLLMClient {
    static func scripted(
        _ script: Result<HTTPReply, HTTPFailure>..., apiKey: String? = nil
    ) -> (VLLMClient, ScriptedTransport) {
        let transport = ScriptedTransport(script)
        let endpoint = VLLMEndpoint(baseURL: "http://127.0.0.1:8000", apiKey: apiKey)
        return (VLLMClient(endpoint: endpoint, http: transport), transport)
    }
}

/// The error that `body` throws, if it is one of the client's.
func vllmError(_ body: () async throws -> Void) async -> VLLMError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? VLLMError
    }
}
