import DynamicJSON

/// One entry of `x-kubernetes-validations`.
struct ValidationRule: Sendable {
    let rule: String
    let message: String
    let reason: String
    /// True for transition rules: they name `oldSelf` and are checked only where there was a value before.
    let isTransition: Bool
    private let expression: CELExpression

    /// - Throws: ``StatusError`` naming the rule, where it uses something unknown.
    init(_ source: JSONValue, at path: String) throws {
        let rule = source["rule"]?.stringValue ?? ""
        func refusal(_ problem: String) -> StatusError {
            StatusError(422, "Invalid", "schema of \(path.isEmpty ? "the object" : path): rule `\(rule)`: \(problem)")
        }
        for key in (source.objectValue ?? [:]).keys.sorted() where !["rule", "message", "reason"].contains(key) {
            throw refusal("`\(key)` is not supported")
        }
        do {
            expression = try CELParser.parse(rule, variables: ["self", "oldSelf"])
        } catch let error as CELError {
            throw refusal(error.message)
        }
        self.rule = rule
        message = source["message"]?.stringValue ?? "failed rule: \(rule)"
        reason = source["reason"]?.stringValue ?? "FieldValueInvalid"
        isTransition = rule.contains("oldSelf")
    }

    /// What is wrong with `value`; nil where the rule holds or does not apply.
    func problem(of value: JSONValue, before old: JSONValue?) -> String? {
        var variables = ["self": CELValue(value)]
        if isTransition {
            guard let old else { return nil }
            variables["oldSelf"] = CELValue(old)
        }
        do {
            return try expression.truth(variables) ? nil : message
        } catch let error as CELError {
            return "rule evaluation error: \(error.message)"
        } catch {
            return "rule evaluation error"
        }
    }
}
