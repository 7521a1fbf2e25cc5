package import DynamicJSON

/// A refusal: what the API server answers as a `Status` object.
package struct StatusError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The HTTP status.
    package var code: Int
    /// `NotFound`, `Invalid`, …; empty where the real server gives none.
    package var reason: String
    package var message: String
    /// The member `details`: name, group, kind and causes.
    package var details: JSONValue?
    /// Seconds for the `Retry-After` header.
    package var retryAfter: Int?
    /// A continue token that comes with some 410 answers.
    var continueToken: String?

    package init(_ code: Int, _ reason: String, _ message: String, details: JSONValue? = nil, retryAfter: Int? = nil) {
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.retryAfter = retryAfter
    }

    package var description: String { message }

    /// The answer's body.
    package var status: JSONValue {
        var status: JSONValue = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": .string(message),
            "code": .int(Int64(code)),
        ]
        if !reason.isEmpty { status["reason"] = .string(reason) }
        if let details { status["details"] = details }
        if let retryAfter { status["details", "retryAfterSeconds"] = .int(Int64(retryAfter)) }
        if let continueToken { status["metadata", "continue"] = .string(continueToken) }
        return status
    }
}
