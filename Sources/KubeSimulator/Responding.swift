import DynamicJSON
package import Effects
import Synchronization

extension KubeSimulator {
    package func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        let fault = state.withLock { $0.fault }?(request)
        switch fault {
        case .status(let code, let retryAfter)?:
            return Self.refusal(
                StatusError(code, Self.reason(of: code), "injected fault \(code)", retryAfter: retryAfter))
        case .dropConnection?: throw HTTPFailure(.reset, "the connection was dropped")
        case .stall?:
            while true { try await time.sleep(for: .seconds(3600)) }
        case .delay(let duration)?: try await time.sleep(for: duration)
        case .page(let status, let contentType, let text)?:
            return HTTPResponse(
                status: status, headers: [HTTPHeader("Content-Type", contentType)], body: Array(text.utf8))
        case .answerLost?:
            _ = try? await answer(request, fault: nil)
            throw HTTPFailure(.reset, "the answer was lost")
        case nil, .lag?, .endWatch?, .watchError?: break
        }
        do {
            return try await answer(request, fault: fault)
        } catch let error as StatusError {
            return Self.refusal(error)
        } catch let error where !(error is HTTPFailure || error is CancellationError) {
            // What the journal could not keep, as on a full disk.
            return Self.refusal(StatusError(500, "InternalError", "Internal error occurred: \(error)"))
        }
    }

    static func reason(of code: Int) -> String {
        switch code {
        case 400: "BadRequest"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "NotFound"
        case 405: "MethodNotAllowed"
        case 409: "Conflict"
        case 410: "Expired"
        case 422: "Invalid"
        case 429: "TooManyRequests"
        case 500: "InternalError"
        case 503: "ServiceUnavailable"
        case 504: "Timeout"
        default: ""
        }
    }

    static func refusal(_ error: StatusError) -> HTTPResponse {
        var headers = jsonHeaders
        if let seconds = error.retryAfter { headers.append(HTTPHeader("Retry-After", String(seconds))) }
        return HTTPResponse(status: error.code, headers: headers, body: error.status.encoded + [0x0A])
    }

    static func response(_ value: JSONValue, status: Int = 200, warnings: [String] = []) -> HTTPResponse {
        response(encoded: value.encoded, status: status, warnings: warnings)
    }

    static func response(encoded: [UInt8], status: Int = 200, warnings: [String] = []) -> HTTPResponse {
        var headers = jsonHeaders
        for warning in warnings {
            let quoted = warning.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            headers.append(HTTPHeader("Warning", "299 - \"\(quoted)\""))
        }
        return HTTPResponse(status: status, headers: headers, body: encoded + [0x0A])
    }

    /// What Go's mux says where nothing is served (fixture 005).
    static var pageNotFound: HTTPResponse { plain(404, "404 page not found\n") }

    static func plain(_ status: Int, _ text: String) -> HTTPResponse {
        let headers = [
            HTTPHeader("Content-Type", "text/plain; charset=utf-8"), HTTPHeader("X-Content-Type-Options", "nosniff"),
        ]
        return HTTPResponse(status: status, headers: headers, body: Array(text.utf8))
    }

    /// Largest request body in bytes.
    private static let bodyLimit = 3 << 20

    private func answer(_ request: HTTPRequest, fault: Fault?) async throws -> HTTPResponse {
        guard var target = RequestTarget(request.url) else { return Self.plain(400, "400 bad request\n") }
        let prefix = configuration.pathPrefix.split(separator: "/").map(String.init)
        guard target.path.starts(with: prefix) else { return Self.pageNotFound }
        target.path.removeFirst(prefix.count)
        if (request.body?.count ?? 0) > Self.bodyLimit {
            throw StatusError(413, "RequestEntityTooLarge", "Request entity too large: limit is \(Self.bodyLimit)")
        }
        if let response = try discover(request, target) { return response }
        guard let address = ResourceAddress(target.path, state.withLock { $0.model.kinds }) else {
            return Self.pageNotFound
        }
        if isGone(address.kind) { return Self.pageNotFound }
        return try await serve(request, address, target, fault: fault)
    }
}
