extension CELExpression {
    /// - Throws: ``CELError`` where CEL has no value: a missing field, a type that does not fit.
    func evaluate(_ variables: [String: CELValue]) throws -> CELValue {
        switch self {
        case .literal(let value): return value
        case .variable(let name):
            guard let value = variables[name] else { throw CELError(message: "no such variable: \(name)") }
            return value
        case .list(let elements): return .list(try elements.map { try $0.evaluate(variables) })
        case .select(let target, let field):
            guard case .map(let members) = try target.evaluate(variables), let value = members[field] else {
                throw CELError(message: "no such key: \(field)")
            }
            return CELValue(value)
        case .has(let target, let field):
            guard case .map(let members) = try target.evaluate(variables) else {
                throw CELError(message: "no such overload: has()")
            }
            return .bool(members[field] != nil)
        case .index(let target, let index):
            return try Self.element(target.evaluate(variables), index.evaluate(variables))
        case .not(let inner): return .bool(!(try inner.truth(variables)))
        case .negate(let inner):
            switch try inner.evaluate(variables) {
            case .int(let value) where value != .min: return .int(-value)
            case .double(let value): return .double(-value)
            default: throw CELError(message: "no such overload: -")
            }
        case .binary(.and, let left, let right): return .bool(try Self.absorbing(false, left, right, variables))
        case .binary(.or, let left, let right): return .bool(try Self.absorbing(true, left, right, variables))
        case .binary(let operation, let left, let right):
            return try Self.apply(operation, left.evaluate(variables), right.evaluate(variables))
        case .conditional(let condition, let first, let second):
            return try (try condition.truth(variables) ? first : second).evaluate(variables)
        case .matches(let target, let pattern):
            guard case .string(let text) = try target.evaluate(variables) else {
                throw CELError(message: "no such overload: matches()")
            }
            // Neither yes nor no: a negated rule must not let it pass.
            guard let occurs = pattern.occurs(in: text) else { throw CELError(message: "text too long for matches()") }
            return .bool(occurs)
        case .call(let function, let arguments):
            return try Self.call(function, arguments.map { try $0.evaluate(variables) })
        case .quantified(let quantifier, let target, let variable, let predicate):
            return .bool(try Self.quantify(quantifier, target.evaluate(variables), variable, predicate, variables))
        }
    }

    func truth(_ variables: [String: CELValue]) throws -> Bool {
        guard case .bool(let value) = try evaluate(variables) else {
            throw CELError(message: "no such overload: not a bool")
        }
        return value
    }

    /// `&&` and `||`: the deciding value on either side wins over an error on the other.
    private static func absorbing(
        _ deciding: Bool, _ left: CELExpression, _ right: CELExpression, _ variables: [String: CELValue]
    ) throws -> Bool {
        let first = Result { try left.truth(variables) }
        if case .success(deciding) = first { return deciding }
        let second = try right.truth(variables)
        return second == deciding ? deciding : try first.get()
    }

    private static func element(_ target: CELValue, _ index: CELValue) throws -> CELValue {
        switch (target, index) {
        case (.list(let elements), .int(let index)):
            guard let index = Int(exactly: index), elements.indices.contains(index) else {
                throw CELError(message: "index out of bounds: \(index)")
            }
            return elements[index]
        case (.map(let members), .string(let key)):
            guard let value = members[key] else { throw CELError(message: "no such key: \(key)") }
            return CELValue(value)
        default: throw CELError(message: "no such overload: []")
        }
    }

    private static func quantify(
        _ quantifier: Quantifier, _ target: CELValue, _ variable: String, _ predicate: CELExpression,
        _ variables: [String: CELValue]
    ) throws -> Bool {
        let elements: [CELValue]
        switch target {
        case .list(let list): elements = list
        case .map(let members): elements = members.keys.sorted().map(CELValue.string)
        default: throw CELError(message: "no such overload: \(quantifier.rawValue)()")
        }
        var variables = variables
        var hits = 0
        var failure: (any Error)?
        for element in elements {
            variables[variable] = element
            do {
                let holds = try predicate.truth(variables)
                if holds { hits += 1 }
                if quantifier == .all, !holds { return false }
                if quantifier == .exists, holds { return true }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return quantifier == .all || (quantifier == .existsOne && hits == 1)
    }

    private static func apply(_ operation: Operator, _ left: CELValue, _ right: CELValue) throws -> CELValue {
        switch operation {
        case .equal: return .bool(areEqual(left, right))
        case .notEqual: return .bool(!areEqual(left, right))
        case .isIn:
            switch (left, right) {
            case (_, .list(let elements)): return .bool(elements.contains { areEqual($0, left) })
            case (.string(let key), .map(let members)): return .bool(members[key] != nil)
            default: throw CELError(message: "no such overload: in")
            }
        case .less: return .bool(try order(left, right) < 0)
        case .lessOrEqual: return .bool(try order(left, right) <= 0)
        case .greater: return .bool(try order(left, right) > 0)
        case .greaterOrEqual: return .bool(try order(left, right) >= 0)
        case .plus, .minus, .times: return try calculate(operation, left, right)
        case .and, .or: throw CELError(message: "no such overload: \(operation.rawValue)")
        }
    }

    private static func areEqual(_ left: CELValue, _ right: CELValue) -> Bool {
        switch (left, right) {
        case (.int(let left), .double(let right)), (.double(let right), .int(let left)): Double(left) == right
        default: left == right
        }
    }

    /// Negative, zero or positive, as `left` is less than, equal to or greater than `right`.
    private static func order(_ left: CELValue, _ right: CELValue) throws -> Int {
        func compare<Value: Comparable>(_ left: Value, _ right: Value) -> Int {
            left < right ? -1 : left == right ? 0 : 1
        }
        switch (left, right) {
        case (.int(let left), .int(let right)): return compare(left, right)
        case (.double(let left), .double(let right)): return compare(left, right)
        case (.int(let left), .double(let right)): return compare(Double(left), right)
        case (.double(let left), .int(let right)): return compare(left, Double(right))
        case (.string(let left), .string(let right)): return compare(left, right)
        case (.duration(let left), .duration(let right)): return compare(left, right)
        default: throw CELError(message: "no such overload: \(left.typeName) compared with \(right.typeName)")
        }
    }

    private static func calculate(_ operation: Operator, _ left: CELValue, _ right: CELValue) throws -> CELValue {
        switch (operation, left, right) {
        case (.plus, .string(let left), .string(let right)): return .string(left + right)
        case (.plus, .list(let left), .list(let right)): return .list(left + right)
        case (_, .int(let left), .int(let right)):
            let result =
                switch operation {
                case .plus: left.addingReportingOverflow(right)
                case .minus: left.subtractingReportingOverflow(right)
                default: left.multipliedReportingOverflow(by: right)
                }
            guard !result.overflow else { throw CELError(message: "integer overflow") }
            return .int(result.partialValue)
        default: throw CELError(message: "no such overload: \(operation.rawValue)")
        }
    }

    private static func call(_ function: CELFunction, _ arguments: [CELValue]) throws -> CELValue {
        let second = arguments.dropFirst().first
        switch (function, arguments.first, second) {
        case (.size, .string(let text), _): return .int(Int64(text.unicodeScalars.count))
        case (.size, .list(let elements), _): return .int(Int64(elements.count))
        case (.size, .map(let members), _): return .int(Int64(members.count))
        case (.type, let value?, _): return .type(value.typeName)
        case (.duration, .string(let text), _):
            guard let value = goDuration(text) else { throw CELError(message: "invalid duration \(text)") }
            return .duration(value)
        case (.string, .string(let text), _): return .string(text)
        case (.string, .int(let value), _): return .string(String(value))
        case (.int, .int(let value), _): return .int(value)
        case (.int, .string(let text), _):
            guard let value = Int64(text) else { throw CELError(message: "invalid int \(text)") }
            return .int(value)
        case (.startsWith, .string(let text), .string(let part)): return .bool(text.utf8.starts(with: part.utf8))
        case (.endsWith, .string(let text), .string(let part)):
            return .bool(text.utf8.reversed().starts(with: part.utf8.reversed()))
        case (.contains, .string(let text), .string(let part)): return .bool(part.isEmpty || text.contains(part))
        case (.trim, .string(let text), _):
            let scalars = text.unicodeScalars.drop { $0.properties.isWhitespace }
            let end = scalars.lastIndex { !$0.properties.isWhitespace }
            return .string(end.map { String(Substring(scalars[...$0])) } ?? "")
        case (.split, .string(let text), .string(let separator)):
            guard !separator.isEmpty else { return .list(text.unicodeScalars.map { .string(String($0)) }) }
            return .list(split(text, by: Array(separator.unicodeScalars)).map(CELValue.string))
        case (.lowerAscii, .string(let text), _):
            return .string(String(decoding: text.utf8.map { (0x41...0x5A).contains($0) ? $0 + 32 : $0 }, as: UTF8.self))
        default:
            throw CELError(
                message: "no such overload: \(function.rawValue)(\(arguments.map(\.typeName).joined(separator: ", ")))")
        }
    }

    private static func split(_ text: String, by separator: [Unicode.Scalar]) -> [String] {
        var parts: [String] = []
        var rest = text.unicodeScalars[...]
        var part = String.UnicodeScalarView()
        while let scalar = rest.first {
            if rest.starts(with: separator) {
                parts.append(String(part))
                part = String.UnicodeScalarView()
                rest = rest.dropFirst(separator.count)
            } else {
                part.append(scalar)
                rest = rest.dropFirst()
            }
        }
        return parts + [String(part)]
    }
}
