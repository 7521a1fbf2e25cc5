import DynamicJSON

/// One entry of `details.causes`: a field and what is wrong with it.
struct Cause: Hashable, Sendable {
    enum Reason: String, Sendable {
        case invalid = "FieldValueInvalid"
        case typeInvalid = "FieldValueTypeInvalid"
        case required = "FieldValueRequired"
        case notSupported = "FieldValueNotSupported"
        case duplicate = "FieldValueDuplicate"
        case forbidden = "FieldValueForbidden"
        case tooLong = "FieldValueTooLong"
        case tooMany = "FieldValueTooMany"
        case conflict = "FieldManagerConflict"
    }

    var reason: Reason
    var field: String
    var message: String

    init(_ reason: Reason, _ field: String, _ message: String) {
        self.reason = reason
        self.field = field
        self.message = message
    }

    /// `Invalid value: "x": problem`, as field.Invalid says it.
    static func invalid(_ field: String, _ value: JSONValue, _ problem: String) -> Cause {
        switch value {
        // Objects and lists are not shown (fixture 026g).
        case .object, .array: Cause(.invalid, field, "Invalid value: \(problem)")
        default: Cause(.invalid, field, "Invalid value: \(value.text): \(problem)")
        }
    }

    static func required(_ field: String, _ hint: String = "") -> Cause {
        Cause(.required, field, hint.isEmpty ? "Required value" : "Required value: \(hint)")
    }

    static func forbidden(_ field: String, _ problem: String) -> Cause {
        Cause(.forbidden, field, "Forbidden: \(problem)")
    }

    var json: JSONValue {
        ["reason": .string(reason.rawValue), "message": .string(message), "field": .string(field)]
    }
}
