package import Effects
import Synchronization

/// Answers requests in memory, in the order of a script, and remembers them.
package final class ScriptedTransport: HTTPTransport {
    package typealias Answer = @Sendable (HTTPRequest) async throws -> HTTPResponse

    private struct State {
        var answers: ArraySlice<Answer>
        var requests: [HTTPRequest] = []
    }

    private let state: Mutex<State>
    private let otherwise: Answer

    /// A script, and what answers when it has ended: by default such requests wait until cancelled.
    package init(_ answers: [Answer], otherwise: @escaping Answer = { _ in try await waitUntilCancelled() }) {
        state = Mutex(State(answers: answers[...]))
        self.otherwise = otherwise
    }

    /// What was asked so far.
    package var requests: [HTTPRequest] { state.withLock { $0.requests } }

    package func withResponse<Value: Sendable>(
        to request: HTTPRequest, _ body: (HTTPResponse) async throws -> Value
    ) async throws -> Value {
        let answer = state.withLock { state in
            state.requests.append(request)
            return state.answers.popFirst()
        }
        return try await body(try await (answer ?? otherwise)(request))
    }
}

/// Ends with the task alone.
package func waitUntilCancelled() async throws -> Never {
    let stream = AsyncStream<Never> { _ in }
    for await _ in stream {}
    throw CancellationError()
}

/// How a scripted body ends.
package enum BodyEnd: Sendable {
    case close
    case failure(HTTPFailure)
    /// Not at all: it waits until cancelled.
    case never
}

extension HTTPResponse {
    /// A JSON answer.
    package static func json(_ body: String, status: Int = 200, headers: [HTTPHeader] = []) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [HTTPHeader("Content-Type", "application/json")] + headers,
            body: Array(body.utf8))
    }

    /// A JSON answer that comes in these chunks.
    package static func stream(_ chunks: [[UInt8]], end: BodyEnd = .close) -> HTTPResponse {
        let rest = Mutex(chunks[...])
        let head = HTTPResponseHead(status: 200, headers: [HTTPHeader("Content-Type", "application/json")])
        return HTTPResponse(
            head: head,
            body: HTTPBody {
                if let chunk = rest.withLock({ $0.popFirst() }) { return chunk }
                switch end {
                case .close: return nil
                case .failure(let failure): throw failure
                case .never: try await waitUntilCancelled()
                }
            })
    }
}
