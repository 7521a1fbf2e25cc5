import DynamicJSON

/// An expression of the Common Expression Language, parsed: the part that CustomResourceDefinitions here may use.
indirect enum CELExpression: Sendable {
    enum Operator: String, Sendable {
        case or = "||", and = "&&", equal = "==", notEqual = "!=", less = "<", lessOrEqual = "<=", greater = ">"
        case greaterOrEqual = ">=", isIn = "in", plus = "+", minus = "-", times = "*"
    }

    /// Macros that try a predicate on each element of a list or each key of a map.
    enum Quantifier: String, Sendable { case all, exists, existsOne = "exists_one" }

    case literal(CELValue)
    case variable(String)
    case list([CELExpression])
    case select(CELExpression, String)
    case index(CELExpression, CELExpression)
    case has(CELExpression, String)
    case not(CELExpression)
    case negate(CELExpression)
    case binary(Operator, CELExpression, CELExpression)
    case conditional(CELExpression, CELExpression, CELExpression)
    case matches(CELExpression, Pattern)
    case call(CELFunction, [CELExpression])
    case quantified(Quantifier, CELExpression, variable: String, CELExpression)
}

/// Functions and methods that are known; a method's target is its first argument.
enum CELFunction: String, CaseIterable, Sendable {
    case size, type, duration, string, int
    case startsWith, endsWith, contains, trim, split, lowerAscii

    /// Arguments including the target, for calls written `f(x)`; nil: only a method.
    var globalArity: Int? {
        switch self {
        case .size, .type, .duration, .string, .int: 1
        default: nil
        }
    }

    /// Arguments including the target, for calls written `x.f()`; nil: only a global function.
    var methodArity: Int? {
        switch self {
        case .size, .trim, .lowerAscii: 1
        case .startsWith, .endsWith, .contains, .split: 2
        default: nil
        }
    }
}

/// A value while evaluating.
///
/// Objects stay JSON until a member is selected.
enum CELValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case list([CELValue])
    case map([String: JSONValue])
    /// Nanoseconds.
    case duration(Int64)
    case type(String)

    init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .double(let value): self = .double(value)
        case .string(let value): self = .string(value)
        case .array(let elements): self = .list(elements.map(CELValue.init))
        case .object(let members): self = .map(members)
        }
    }

    var typeName: String {
        switch self {
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .double: "double"
        case .string: "string"
        case .list: "list"
        case .map: "map"
        case .duration: "google.protobuf.Duration"
        case .type: "type"
        }
    }

    static let typeNames: Set<String> = ["bool", "int", "double", "string", "list", "map", "null_type"]
}

/// Why a rule cannot be parsed or evaluated.
struct CELError: Error {
    let message: String
}

/// Nanoseconds of a Go duration such as `1h30m` or `500ms`; nil where it is none or leaves 64 bits.
func goDuration(_ text: String) -> Int64? {
    let units: [(String, Int64)] = [
        ("ns", 1), ("us", 1000), ("µs", 1000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ]
    var rest = Substring(text)
    let isNegative = rest.hasPrefix("-")
    if isNegative || rest.hasPrefix("+") { rest.removeFirst() }
    if rest == "0" { return 0 }
    guard !rest.isEmpty else { return nil }
    var total: Int64 = 0
    while !rest.isEmpty {
        let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        rest = rest.dropFirst(number.count)
        let name = rest.prefix { !($0.isASCII && ($0.isNumber || $0 == ".")) }
        rest = rest.dropFirst(name.count)
        guard let value = Double(number), let unit = units.first(where: { $0.0 == name })?.1,
            let part = Int64(exactly: (value * Double(unit)).rounded()), !total.addingReportingOverflow(part).overflow
        else { return nil }
        total += part
    }
    return isNegative ? -total : total
}
