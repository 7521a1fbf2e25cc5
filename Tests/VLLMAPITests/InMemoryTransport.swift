import Effects
import VLLMAPI
import VLLMSimulator

/// Takes requests to a simulated server without a socket.
struct InMemoryTransport: HTTPTransport {
    var server: SimulatedServer

    func withResponse<Value: Sendable>(
        to request: HTTPRequest, _ body: (HTTPResponse) async throws -> Value
    ) async throws -> Value {
        guard server.isListening else { throw HTTPFailure(.connectionRefused, "refused") }
        var request = request
        request.url = String(request.url.trimmingPrefix("http://server"))
        return try await body(server.respond(to: request))
    }
}

extension SimulatedServer {
    /// A client that asks this server in memory.
    func client(apiKey: String? = nil) -> VLLMClient {
        VLLMClient(
            endpoint: VLLMEndpoint(baseURL: "http://server", apiKey: apiKey), http: InMemoryTransport(server: self))
    }
}
