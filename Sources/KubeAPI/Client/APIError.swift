package import Effects

/// Why a call to the API server brought no result, by what the caller does next.
package enum APIError: Error, Hashable, Sendable {
    /// 404: there is no such object, or no such kind (then the answer holds no `Status`).
    case notFound(APIAnswer)
    /// 409: the object changed meanwhile, or a precondition failed. Read again, decide again.
    case conflict(APIAnswer)
    /// 409 to a create: the name is taken.
    case alreadyExists(APIAnswer)
    /// 410, as a status or inside a watch: the resource version or continue token is too old. List again.
    case expired(APIAnswer)
    /// 403: nearly always RBAC.
    case forbidden(APIAnswer)
    /// 401, after the token was read again.
    case unauthorized(APIAnswer)
    /// 429; `retryAfter` is already clamped to a minute.
    case tooManyRequests(APIAnswer, retryAfter: Duration?)
    /// 422: the object is refused as it is; a failed JSON Patch `test` looks the same.
    case invalid(APIAnswer)
    /// Any other refusal (3xx, 400, 405, 406, 413, 415…): sending it again changes nothing.
    case rejected(APIAnswer)
    /// 5xx, or an error inside a watch.
    case server(APIAnswer)
    /// No complete answer came. Whether a write had an effect: ``APIError/outcomeIsUnknown``.
    case transport(HTTPFailure, attempt: String)
    /// The answer is not what this request asks for: wrong content type, kind, framing.
    case unexpectedAnswer(String, attempt: String)
    /// The answer is of the right kind but cannot be read.
    case decoding(String, attempt: String)
    /// The request was never sent: what should say who sends it failed.
    case noCredentials(String, attempt: String)
    /// The request was never sent: an empty name, an object that cannot be encoded.
    case unsendable(String, attempt: String)

    /// Classifies a refusal by its HTTP code, and 409 by its reason.
    package init(_ answer: APIAnswer) {
        self =
            switch answer.code {
            case 401: .unauthorized(answer)
            case 403: .forbidden(answer)
            case 404: .notFound(answer)
            case 409: answer.status?.reason == "AlreadyExists" ? .alreadyExists(answer) : .conflict(answer)
            case 410: .expired(answer)
            case 422: .invalid(answer)
            case 429: .tooManyRequests(answer, retryAfter: answer.retryAfter)
            case 300..<500: .rejected(answer)
            default: .server(answer)
            }
    }

    /// What the server said; nil when nothing came from it.
    package var answer: APIAnswer? {
        switch self {
        case .notFound(let answer), .conflict(let answer), .alreadyExists(let answer), .expired(let answer),
            .forbidden(let answer), .unauthorized(let answer), .tooManyRequests(let answer, _), .invalid(let answer),
            .rejected(let answer), .server(let answer):
            answer
        case .transport, .unexpectedAnswer, .decoding, .noCredentials, .unsendable: nil
        }
    }

    /// True where the same request may succeed later without anybody changing an object or a permission.
    package var isTransient: Bool {
        switch self {
        case .expired, .unauthorized, .tooManyRequests, .unexpectedAnswer, .noCredentials: true
        // An apply with two entries for one key of a list map is answered 500 by a real server, for ever; 500 is
        // still retried, with backoff, since nothing in the answer tells the two apart.
        case .server: true
        case .transport(let failure, _): failure.kind != .invalidRequest && failure.kind != .gateClosed
        case .notFound, .conflict, .alreadyExists, .forbidden, .invalid, .rejected, .decoding, .unsendable: false
        }
    }

    /// True where the object must be read again before anything is decided: not an error, only late.
    package var isConflict: Bool {
        switch self {
        case .conflict, .alreadyExists: true
        default: false
        }
    }

    package var isNotFound: Bool {
        if case .notFound = self { true } else { false }
    }

    /// True where a write may have happened although no answer says so.
    package var outcomeIsUnknown: Bool {
        switch self {
        case .transport(let failure, _): failure.mayHaveBeenReceived
        case .server, .unexpectedAnswer, .decoding: true
        case .notFound, .conflict, .alreadyExists, .expired, .forbidden, .unauthorized, .tooManyRequests, .invalid,
            .rejected, .noCredentials, .unsendable:
            false
        }
    }

    /// The server has not yet seen the resource version that was asked for: it lags, or was restored from a backup.
    package var isResourceVersionTooLarge: Bool {
        answer?.status?.causes.contains { $0.reason == "ResourceVersionTooLarge" } ?? false
    }

    /// Nobody answered, or only somebody before the server.
    package var isLossOfContact: Bool {
        switch self {
        case .transport: true
        case .server(let answer): 502...504 ~= answer.code && !isResourceVersionTooLarge
        default: false
        }
    }

    /// How long the server asks to wait, at most a minute.
    package var retryAfter: Duration? { answer?.retryAfter }
}

extension APIError: CustomStringConvertible {
    /// One line for people: what was tried, on what, and what came back.
    package var description: String {
        switch self {
        case .transport(let failure, let attempt): "\(attempt): \(failure)"
        case .unexpectedAnswer(let what, let attempt), .decoding(let what, let attempt),
            .noCredentials(let what, let attempt), .unsendable(let what, let attempt):
            "\(attempt): \(what)"
        default: answer.map(\.description) ?? ""
        }
    }
}
