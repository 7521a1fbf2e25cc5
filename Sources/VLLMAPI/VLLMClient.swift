package import Effects
import FoundationEssentials

/// Asks one model server, of any vLLM version since 0.8.5.
///
/// Everything throws ``VLLMError``, or `CancellationError`. Nothing is sent twice but a read whose connection broke.
package struct VLLMClient: Sendable {
    package let endpoint: VLLMEndpoint
    private let http: any HTTPTransport
    private let timeouts: VLLMTimeouts

    package init(endpoint: VLLMEndpoint, http: any HTTPTransport, timeouts: VLLMTimeouts = VLLMTimeouts()) {
        self.endpoint = endpoint
        self.http = http
        self.timeouts = timeouts
    }

    /// Returns when the engine behind the server is well.
    package func health() async throws { _ = try await read("/health", .health) }

    /// What the server holds and serves.
    ///
    /// It is the truth about a server only while ``health()`` succeeds too.
    package func models() async throws -> ModelList {
        let list = try await read("/v1/models", limit: 16 << 20) { ModelList(parsing: $0) }
        guard !list.baseModels.isEmpty else { throw VLLMError(.notVLLM, "the server lists no base model") }
        return list
    }

    /// The server's vLLM version, `0.32.0` for example.
    package func version() async throws -> String {
        struct Answer: Decodable { var version: String }
        let version = try await read("/version") { JSONText($0).decode(Answer.self) }.version
        return SafeMessage.make(version, hiding: endpoint.apiKey)
    }

    /// Asks the server to load an adapter; success proves nothing before ``models()`` lists it.
    ///
    /// `path` is the directory as the server sees it, and `timeout` holds for the whole exchange. `is3D` is known since
    /// vLLM 0.22, `inPlace` since 0.15; before, a name that is taken stays ``VLLMError/Reason/alreadyLoaded``.
    package func load(
        name: String, path: String, is3D: Bool = false, inPlace: Bool = false, timeout: Duration
    ) async throws {
        let body = LoadBody(name: name, path: path, is3D: is3D ? true : nil, inPlace: inPlace ? true : nil)
        try await post("/v1/load_lora_adapter", body, .load(name: name), timeout)
    }

    /// Asks the server to forget an adapter; success proves nothing before ``models()`` lacks it.
    package func unload(name: String, timeout: Duration) async throws {
        try await post("/v1/unload_lora_adapter", UnloadBody(name: name), .unload(name: name), timeout)
    }

    /// Asks for JSON; `decode` returns nil for a body of another shape.
    func read<Value>(
        _ path: String, limit: Int = 1 << 20, decode: ([UInt8]) -> Value?
    ) async throws -> Value {
        let reply = try await read(path, .read, limit: limit)
        if let value = decode(reply.body) { return value }
        let text = JSONText(reply.body)
        guard reply.body.isEmpty || text.looksLikeJSON else {
            throw VLLMError(.notVLLM, "\(path) answers with something that is not JSON")
        }
        throw VLLMError(.invalidResponse, "\(path) answers with JSON that is cut off or of another shape")
    }

    func read(_ path: String, _ operation: VLLMOperation, limit: Int = 1 << 20) async throws -> HTTPReply {
        var request = try request(.get, path)
        request.options.totalTimeout = timeouts.read
        request.options.bodyLimit = limit
        do {
            return try await send(request, operation)
        } catch let error as VLLMError where error.reason == .connectionReset {
            // vLLM closes a connection that was idle for 5 s, at times just as a request is on its way.
            request.options.connection = .fresh
            return try await send(request, operation)
        }
    }

    private func post(
        _ path: String, _ body: some Encodable, _ operation: VLLMOperation, _ timeout: Duration
    ) async throws {
        var request = try request(.post, path)
        request.options.totalTimeout = timeout
        request.options.bodyLimit = 1 << 20
        request.options.connection = .fresh
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        request.body = Array(try encoder.encode(body))
        request.headers.append(HTTPHeader("Content-Type", "application/json"))
        // A 2xx body is plain text, and not looked at.
        _ = try await send(request, operation)
    }

    private func request(_ method: HTTPRequest.Method, _ path: String) throws -> HTTPRequest {
        var request = HTTPRequest(method, endpoint.baseURL + path)
        request.options.connectTimeout = timeouts.connect
        request.options.tls = endpoint.tls
        if let key = endpoint.apiKey {
            guard !key.isEmpty, !key.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) else {
                throw VLLMError(.secretInvalid, "the API key is empty or holds a control character")
            }
            request.headers.append(HTTPHeader("Authorization", "Bearer \(key)"))
        }
        return request
    }

    private func send(_ request: HTTPRequest, _ operation: VLLMOperation) async throws -> HTTPReply {
        let reply: HTTPReply
        do {
            reply = try await http.send(request)
        } catch let failure as HTTPFailure {
            throw VLLMError(
                failure.kind == .gateClosed ? operation.transientFailure : VLLMError.Reason(failure),
                SafeMessage.make(failure.message, hiding: endpoint.apiKey),
                outcomeIsUnknown: operation.isEffect && failure.mayHaveBeenReceived)
        }
        let isSuccess = operation.isEffect ? (200..<300).contains(reply.head.status) : reply.head.status == 200
        guard isSuccess else { throw VLLMError(reply, to: operation, hiding: endpoint.apiKey) }
        return reply
    }
}

private struct LoadBody: Encodable {
    var name: String
    var path: String
    // Left out where they are not wanted: older servers do not know them.
    var is3D: Bool?
    var inPlace: Bool?

    private enum CodingKeys: String, CodingKey {
        case name = "lora_name"
        case path = "lora_path"
        case is3D = "is_3d_lora_weight"
        case inPlace = "load_inplace"
    }
}

private struct UnloadBody: Encodable {
    var name: String

    private enum CodingKeys: String, CodingKey { case name = "lora_name" }
}
