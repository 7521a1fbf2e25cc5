package import Effects
import Synchronization

/// Speaks to one API server.
///
/// Every method throws ``APIError`` or `CancellationError`. Reads that the server asks to repeat (`Retry-After`) are
/// repeated a few times here; a write is sent once, and whoever sent it reads again before deciding anew.
package struct KubeClient: Sendable {
    /// How often a read is repeated because the server asked for it.
    private(set) var repeats = 4
    /// How short requests travel.
    private var options: HTTPOptions

    private let configuration: KubeConfiguration
    /// Where its time, its randomness and its connections come from.
    package let effects: Effects
    /// What its requests tell of the server's being there.
    package let contact: Contact
    private let userAgent: String
    private let authenticator: Authenticator
    private let warnings: WarningLog

    /// A client that names itself `userAgent`: `lora-operator/1.2.3 (linux/amd64) 0123abc`.
    ///
    /// Clients of one server share `contact`. `onWarning` gets each distinct text of a `Warning` header once, as one printable line.
    package init(
        configuration: KubeConfiguration, effects: Effects, userAgent: String, contact: Contact = Contact(),
        onWarning: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.effects = effects
        self.userAgent = userAgent
        self.contact = contact
        options = Self.options
        authenticator = Authenticator(configuration, time: effects.time)
        warnings = WarningLog(report: onWarning)
    }

    /// A server that has not accepted a connection by then is better asked anew.
    static var options: HTTPOptions {
        var options = HTTPOptions()
        options.connectTimeout = .seconds(5)
        return options
    }

    /// The same client for requests that nothing else may delay: on a connection of their own, each sent once and ended
    /// after `timeout`.
    package func dedicated(to label: String, timeout: Duration) -> KubeClient {
        var client = self
        client.repeats = 0
        client.options.connection = .own(label)
        client.options.connectTimeout = min(client.options.connectTimeout, timeout)
        client.options.totalTimeout = timeout
        return client
    }

    /// What a request says beside its path.
    struct Call {
        var attempt: String
        var method = HTTPRequest.Method.get
        var target: RequestTarget
        var query: [(name: String, value: String)] = []
        var contentType: String?
        var body: [UInt8]?
        /// nil for short requests.
        var options: HTTPOptions?
        var repeats = 0
    }

    /// Sends the call and runs `body` with the response, if it is a success, and with what was shown for it.
    func exchange<Value: Sendable>(
        _ call: Call, _ body: (HTTPResponse, Proof) async throws -> Value
    ) async throws -> Value {
        var repeats = call.repeats
        var mayRenewProof = true
        while true {
            let proof = try await proof(for: call)
            let answer: APIAnswer
            switch try await send(call, proof, body) {
            case .success(let value): return value
            case .refusal(let refusal): answer = refusal
            }
            if answer.code == 401, mayRenewProof, authenticator.renew(after: proof) {
                mayRenewProof = false
            } else if repeats > 0, let pause = answer.retryAfter, APIError(answer).mayBeRepeated {
                repeats -= 1
                try await effects.time.sleep(for: effects.random.jitter(pause, spread: 0.1))
            } else {
                throw APIError(answer)
            }
        }
    }

    private enum Outcome<Value: Sendable>: Sendable {
        case success(Value)
        case refusal(APIAnswer)
    }

    private func send<Value: Sendable>(
        _ call: Call, _ proof: Proof, _ body: (HTTPResponse, Proof) async throws -> Value
    ) async throws -> Outcome<Value> {
        let request = try request(for: call, proof)
        do {
            return try await effects.http.withResponse(to: request) { response in
                contact.answered(response.head.status, at: effects.time.now)
                warnings.note(response.head)
                if 200..<300 ~= response.head.status { return .success(try await body(response, proof)) }
                return .refusal(try await refusal(response, attempt: call.attempt))
            }
        } catch let failure as HTTPFailure {
            contact.failed(failure)
            throw APIError.transport(failure, attempt: call.attempt)
        }
    }

    private func proof(for call: Call) async throws -> Proof {
        do {
            return try await authenticator.proof()
        } catch let failure as ProgramFailure {
            throw APIError.noCredentials(failure.description, attempt: call.attempt)
        }
    }

    /// False once what the connection of a stream was made with has been replaced.
    func isCurrent(_ proof: Proof) -> Bool { authenticator.isCurrent(proof) }

    private func request(for call: Call, _ proof: Proof) throws -> HTTPRequest {
        let path = try call.target.path(attempt: call.attempt)
        var headers = [HTTPHeader("Accept", "application/json"), HTTPHeader("User-Agent", userAgent)]
        headers += authenticator.headers
        if let token = proof.token { headers.append(HTTPHeader("Authorization", "Bearer \(token)")) }
        if let contentType = call.contentType { headers.append(HTTPHeader("Content-Type", contentType)) }
        var options = call.options ?? options
        options.tls = proof.tls
        options.acceptsCompression = configuration.acceptsCompression
        options.proxy = configuration.proxy
        return HTTPRequest(
            call.method, configuration.server + path + PercentEncoding.query(call.query), headers: headers,
            body: call.body, options: options)
    }

    /// Reads as much of the body as is kept; a `Status` may be longer than a text.
    private func refusal(_ response: HTTPResponse, attempt: String) async throws -> APIAnswer {
        var body: [UInt8] = []
        for try await chunk in response.body {
            body += chunk
            if body.count > 1 << 20 { break }
        }
        return APIAnswer(attempt: attempt, head: response.head, body: body)
    }
}

extension APIError {
    /// 429 and 5xx; not where only a different request helps.
    fileprivate var mayBeRepeated: Bool {
        switch self {
        case .tooManyRequests: true
        case .server: !isResourceVersionTooLarge
        default: false
        }
    }
}

/// Reports each distinct warning of the server once.
final class WarningLog: Sendable {
    let report: @Sendable (String) -> Void
    private let seen = Mutex<Set<String>>([])

    init(report: @escaping @Sendable (String) -> Void) { self.report = report }

    func note(_ head: HTTPResponseHead) {
        for header in head.headers where header.name.lowercased() == "warning" {
            let text = Self.text(header.value)
            // What a server can make us remember is bounded.
            let isNew = seen.withLock { $0.count < 1000 && $0.insert(text).inserted }
            if isNew { report(text) }
        }
    }

    /// `299 - "text"`: the text without its quotes.
    private static func text(_ value: String) -> String {
        guard let start = value.firstIndex(of: "\""), let end = value.lastIndex(of: "\""), start < end else {
            return value.oneLine(limit: 1024)
        }
        let quoted = String(value[value.index(after: start)..<end])
        return quoted.replacing("\\\"", with: "\"").oneLine(limit: 1024)
    }
}
