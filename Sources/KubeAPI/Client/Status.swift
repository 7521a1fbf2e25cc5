/// The API server's own word on why a request failed (`metav1.Status`).
package struct Status: Hashable, Sendable {
    package struct Cause: Hashable, Sendable {
        /// `FieldValueInvalid`, `ResourceVersionTooLarge` and the like, for programs.
        package var reason: String
        package var message: String
        /// The field at fault; empty when there is none.
        package var field: String

        package init(reason: String, message: String = "", field: String = "") {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }

    /// The HTTP status; 0 when the server did not say.
    package var code: Int
    /// `NotFound`, `AlreadyExists`, `Expired` and the like, for programs.
    package var reason: String
    package var message: String
    package var causes: [Cause]
    /// Wait so long before trying again.
    package var retryAfterSeconds: Int?

    package init(
        code: Int, reason: String = "", message: String = "", causes: [Cause] = [], retryAfterSeconds: Int? = nil
    ) {
        self.code = code
        self.reason = reason
        self.message = message
        self.causes = causes
        self.retryAfterSeconds = retryAfterSeconds
    }
}

extension Status: Decodable {
    private enum CodingKeys: CodingKey { case kind, code, reason, message, details }

    private struct Details: Decodable {
        var causes: [Cause]?
        var retryAfterSeconds: Int?
    }

    /// - Throws: `DecodingError` for everything whose `kind` is not `Status`.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        guard try fields.decode(String.self, forKey: .kind) == "Status" else {
            throw DecodingError.dataCorruptedError(forKey: .kind, in: fields, debugDescription: "not a Status")
        }
        let details = try fields.decodeIfPresent(Details.self, forKey: .details)
        self.init(
            code: try fields.decodeIfPresent(Int.self, forKey: .code) ?? 0,
            reason: try fields.text(.reason), message: try fields.text(.message), causes: details?.causes ?? [],
            retryAfterSeconds: details?.retryAfterSeconds)
    }
}

extension Status.Cause: Decodable {
    private enum CodingKeys: CodingKey { case reason, message, field }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            reason: try fields.text(.reason), message: try fields.text(.message), field: try fields.text(.field))
    }
}
