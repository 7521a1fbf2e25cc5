import Effects
import Synchronization

/// What a server does instead of answering as it should.
package enum SimulatedFault: Sendable {
    /// Never answers.
    case hang
    /// Answers, but only after this long.
    case slow(Duration)
    /// Drops the connection; nothing was done.
    case drop
    /// Does what was asked, then drops the connection.
    case loseAnswer
    /// Answers this; nothing was done.
    case answer(status: Int, contentType: String?, body: String, location: String? = nil)
    /// Answers 200 with a body that never ends.
    case endlessBody
    /// Breaks off within the body.
    case cutBody
    /// Answers 200, and does nothing.
    case pretend

    package static let html = SimulatedFault.answer(
        status: 200, contentType: "text/html", body: "<!DOCTYPE html><html><body>Sign in</body></html>")
    package static let wrongJSON = SimulatedFault.answer(
        status: 200, contentType: "application/json", body: #"{"object":"list","data":{}}"#)
    package static let truncatedJSON = SimulatedFault.answer(
        status: 200, contentType: "application/json", body: #"{"object":"list","data":[{"id":"ba"#)

    package static func redirect(to location: String) -> SimulatedFault {
        .answer(status: 307, contentType: nil, body: "", location: location)
    }
}

/// What a request is for, as far as faults and counters tell apart.
package enum SimulatedOperation: String, Hashable, Sendable, CaseIterable, Comparable {
    case health, models, version, metrics, load, unload, completion, other

    package static func < (left: SimulatedOperation, right: SimulatedOperation) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension HTTPBody {
    /// Spaces without end.
    static var endless: HTTPBody { HTTPBody { blanks } }

    private static let blanks = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 16)

    /// A beginning, then a broken connection.
    static func cut(after start: String) -> HTTPBody {
        let rest = Mutex<[UInt8]?>(Array(start.utf8))
        return HTTPBody {
            let chunk = rest.withLock { rest in
                defer { rest = nil }
                return rest
            }
            guard let chunk else { throw HTTPFailure(.reset, "the server broke off") }
            return chunk
        }
    }
}
