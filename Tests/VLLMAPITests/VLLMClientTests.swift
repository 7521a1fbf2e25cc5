import Effects
import Testing
import VLLMAPI

struct VLLMClientTests {
    static let list = #"{"object":"list","data":[{"id":"base","root":"/base","parent":null}]}"#

    @Test func `a load is sent once, on a connection of its own, with what was asked and nothing else`() async throws {
        let (client, transport) = VLLMClient.scripted(.answer(200, "Success", contentType: nil), apiKey: "key")

        try await client.load(name: "a", path: "/a", timeout: .seconds(7))

        let request = try #require(transport.requests.first)
        #expect(transport.requests.count == 1)
        #expect(request.body == Array(#"{"lora_name":"a","lora_path":"/a"}"#.utf8))
        #expect(request.headers.first(named: "content-type") == "application/json")
        #expect(request.headers.first(named: "authorization") == "Bearer key")
        #expect(request.options.connection == .fresh)
        #expect(request.options.totalTimeout == .seconds(7))
    }

    @Test func `the flags that newer servers know are sent when they are wanted`() async throws {
        let (client, transport) = VLLMClient.scripted(.answer(200))

        try await client.load(name: "a", path: "/a", is3D: true, inPlace: true, timeout: .seconds(1))

        let body = #"{"is_3d_lora_weight":true,"load_inplace":true,"lora_name":"a","lora_path":"/a"}"#
        #expect(transport.requests.first?.body == Array(body.utf8))
    }

    @Test(arguments: ["", "not JSON", "{\"error\":{\"message\":\"x\"}}"])
    func `the body of a success is not looked at`(body: String) async throws {
        let (client, _) = VLLMClient.scripted(.answer(200, body), .answer(202, body))

        try await client.load(name: "a", path: "/a", timeout: .seconds(1))
        try await client.unload(name: "a", timeout: .seconds(1))
    }

    @Test(arguments: ["", "a\nb", "a\rb", "a\0b", "a\u{7f}"])
    func `an API key that cannot be a header value is not sent`(key: String) async throws {
        let (client, transport) = VLLMClient.scripted(.answer(200, Self.list), apiKey: key)

        let error = await vllmError { _ = try await client.models() }

        #expect(error?.reason == .secretInvalid)
        #expect(transport.requests.isEmpty)
    }

    @Test func `a read whose connection broke is sent once more, on a new connection`() async throws {
        let (client, transport) = VLLMClient.scripted(.failure(.reset), .answer(200, Self.list))

        let list = try await client.models()

        #expect(list.baseModels.map(\.id) == ["base"])
        #expect(transport.requests.map(\.options.connection) == [.shared, .fresh])
    }

    @Test func `a read whose connection broke twice has failed`() async throws {
        let (client, transport) = VLLMClient.scripted(.failure(.reset), .failure(.reset), .answer(200, Self.list))

        let error = await vllmError { _ = try await client.models() }

        #expect(error?.reason == .connectionReset)
        #expect(transport.requests.count == 2)
    }

    @Test(
        arguments: [
            (.connectionRefused, .connectionRefused, false), (.connectFailed, .connectionRefused, false),
            (.connectTimeout, .connectTimeout, false), (.requestTimeout, .requestTimeout, true),
            (.idleTimeout, .requestTimeout, true), (.nameResolution, .nameResolutionFailed, false),
            (.tls, .tlsFailed, false), (.reset, .connectionReset, true), (.tooLarge, .responseTooLarge, true),
            (.invalidResponse, .invalidResponse, true), (.invalidRequest, .secretInvalid, false),
            (.gateClosed, .loadFailed, false),
        ] as [(HTTPFailure.Kind, VLLMError.Reason, Bool)])
    func `a load that brought no answer is not sent again, and its outcome is unknown if it may have arrived`(
        kind: HTTPFailure.Kind, reason: VLLMError.Reason, isUnknown: Bool
    ) async throws {
        let (client, transport) = VLLMClient.scripted(.failure(kind))

        let error = await vllmError { try await client.load(name: "a", path: "/a", timeout: .seconds(1)) }

        #expect(error?.reason == reason)
        #expect(error?.outcomeIsUnknown == isUnknown)
        #expect(error?.message == "what happened")
        #expect(transport.requests.count == 1)
    }

    @Test func `no read leaves an unknown outcome`() async throws {
        let (client, _) = VLLMClient.scripted(.failure(.requestTimeout))

        #expect(await vllmError { try await client.health() }?.outcomeIsUnknown == false)
    }

    @Test func `cancellation is passed on as it is`() async throws {
        struct Cancelled: HTTPTransport {
            func withResponse<Value: Sendable>(
                to request: HTTPRequest, _ body: (HTTPResponse) async throws -> Value
            ) async throws -> Value {
                throw CancellationError()
            }
        }
        let client = VLLMClient(endpoint: VLLMEndpoint(baseURL: "http://x"), http: Cancelled())

        await #expect(throws: CancellationError.self) { try await client.health() }
    }

    @Test func `a slash at the end of a base URL makes no other endpoint`() {
        #expect(VLLMEndpoint(baseURL: "http://x:1//") == VLLMEndpoint(baseURL: "http://x:1"))
    }
}
