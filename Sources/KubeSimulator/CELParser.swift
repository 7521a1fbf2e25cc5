/// Parses CEL and refuses whatever the evaluator does not know.
struct CELParser {
    private enum Token: Hashable {
        case identifier(String), int(Int64), double(Double), string(String), symbol(String), end
    }

    private var tokens: [Token]
    private var position = 0
    private var variables: Set<String>
    private var depth = 0

    /// Parses `text`, in which only `variables` may stand free, as `self`.
    static func parse(_ text: String, variables: Set<String>) throws -> CELExpression {
        var parser = CELParser(tokens: try tokenize(text), variables: variables)
        let expression = try parser.conditional()
        guard parser.current == .end else { throw CELError(message: "unexpected \(parser.current)") }
        return expression
    }

    private init(tokens: [Token], variables: Set<String>) {
        self.tokens = tokens
        self.variables = variables
    }

    private var current: Token { position < tokens.count ? tokens[position] : .end }

    private mutating func take(_ symbol: String) -> Bool {
        guard current == .symbol(symbol) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ symbol: String) throws {
        guard take(symbol) else { throw CELError(message: "expected '\(symbol)', found \(current)") }
    }

    private mutating func conditional() throws -> CELExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth < 50 else { throw CELError(message: "too deeply nested") }
        let condition = try binary(level: 0)
        guard take("?") else { return condition }
        let first = try conditional()
        try expect(":")
        return .conditional(condition, first, try conditional())
    }

    private static let levels: [[CELExpression.Operator]] = [
        [.or], [.and], [.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .isIn], [.plus, .minus],
        [.times],
    ]

    private mutating func binary(level: Int) throws -> CELExpression {
        guard level < Self.levels.count else { return try unary() }
        var left = try binary(level: level + 1)
        while let next = Self.levels[level].first(where: {
            current == .symbol($0.rawValue) || current == .identifier($0.rawValue)
        }) {
            position += 1
            left = .binary(next, left, try binary(level: level + 1))
        }
        return left
    }

    private mutating func unary() throws -> CELExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth < 50 else { throw CELError(message: "too deeply nested") }
        if take("!") { return .not(try unary()) }
        if take("-") { return .negate(try unary()) }
        return try member()
    }

    private mutating func member() throws -> CELExpression {
        var expression = try primary()
        while true {
            if take(".") {
                guard case .identifier(let name) = current else { throw CELError(message: "expected a name after '.'") }
                position += 1
                expression = take("(") ? try method(name, of: expression) : .select(expression, name)
            } else if take("[") {
                expression = .index(expression, try conditional())
                try expect("]")
            } else {
                return expression
            }
        }
    }

    private mutating func method(_ name: String, of target: CELExpression) throws -> CELExpression {
        if let quantifier = CELExpression.Quantifier(rawValue: name) {
            guard case .identifier(let variable) = current else { throw CELError(message: "\(name) needs a variable") }
            position += 1
            try expect(",")
            let isNew = variables.insert(variable).inserted
            let predicate = try conditional()
            if isNew { variables.remove(variable) }
            try expect(")")
            return .quantified(quantifier, target, variable: variable, predicate)
        }
        let arguments = try arguments()
        if name == "matches" {
            guard arguments.count == 1, case .literal(.string(let source)) = arguments[0], let pattern = Pattern(source)
            else {
                throw CELError(message: "matches() needs a literal pattern that is a regular expression")
            }
            return .matches(target, pattern)
        }
        guard let function = CELFunction(rawValue: name), function.methodArity == arguments.count + 1 else {
            throw CELError(message: "unknown method \(name)() with \(arguments.count) arguments")
        }
        return .call(function, [target] + arguments)
    }

    private mutating func arguments() throws -> [CELExpression] {
        var arguments: [CELExpression] = []
        if take(")") { return arguments }
        repeat { arguments.append(try conditional()) } while take(",")
        try expect(")")
        return arguments
    }

    private mutating func primary() throws -> CELExpression {
        let token = current
        position += 1
        switch token {
        case .int(let value): return .literal(.int(value))
        case .double(let value): return .literal(.double(value))
        case .string(let value): return .literal(.string(value))
        case .symbol("("):
            let inner = try conditional()
            try expect(")")
            return inner
        case .symbol("["):
            var elements: [CELExpression] = []
            if take("]") { return .list(elements) }
            repeat { elements.append(try conditional()) } while take(",")
            try expect("]")
            return .list(elements)
        case .identifier("true"): return .literal(.bool(true))
        case .identifier("false"): return .literal(.bool(false))
        case .identifier("null"): return .literal(.null)
        case .identifier(let name):
            guard take("(") else {
                if CELValue.typeNames.contains(name) { return .literal(.type(name)) }
                guard variables.contains(name) else { throw CELError(message: "undeclared reference to '\(name)'") }
                return .variable(name)
            }
            let arguments = try arguments()
            if name == "has" {
                guard arguments.count == 1, case .select(let target, let field) = arguments[0] else {
                    throw CELError(message: "has() needs a field selection")
                }
                return .has(target, field)
            }
            guard let function = CELFunction(rawValue: name), function.globalArity == arguments.count else {
                throw CELError(message: "unknown function \(name)() with \(arguments.count) arguments")
            }
            return .call(function, arguments)
        default: throw CELError(message: "unexpected \(token)")
        }
    }
}

extension CELParser {
    private static func tokenize(_ text: String) throws -> [Token] {
        var tokens: [Token] = []
        let scalars = Array(text.unicodeScalars)
        var position = 0
        func at(_ index: Int) -> Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }
        while let scalar = at(position) {
            if scalar.properties.isWhitespace {
                position += 1
            } else if scalar == "'" || scalar == "\"" {
                position += 1
                tokens.append(.string(try string(scalars, &position, quote: scalar)))
            } else if scalar.isASCII, scalar.properties.isAlphabetic || scalar == "_" {
                var name = ""
                while let next = at(position), next.isASCII,
                    next.properties.isAlphabetic || next == "_" || ("0"..."9").contains(next)
                {
                    name.unicodeScalars.append(next)
                    position += 1
                }
                tokens.append(.identifier(name))
            } else if ("0"..."9").contains(scalar) {
                var digits = ""
                while let next = at(position), ("0"..."9").contains(next) || next == "." {
                    digits.unicodeScalars.append(next)
                    position += 1
                }
                if let value = Int64(digits) {
                    tokens.append(.int(value))
                } else if let value = Double(digits) {
                    tokens.append(.double(value))
                } else {
                    throw CELError(message: "'\(digits)' is no number")
                }
            } else {
                let pair = at(position + 1).map { String(scalar) + String($0) } ?? ""
                let symbol = ["||", "&&", "==", "!=", "<=", ">="].contains(pair) ? pair : String(scalar)
                guard symbol.count == 2 || "!<>()[].,?:+-*".contains(symbol) else {
                    throw CELError(message: "unexpected character '\(symbol)'")
                }
                tokens.append(.symbol(symbol))
                position += symbol.unicodeScalars.count
            }
        }
        return tokens
    }

    private static func string(
        _ scalars: [Unicode.Scalar], _ position: inout Int, quote: Unicode.Scalar
    ) throws -> String {
        var text = ""
        while position < scalars.count {
            let scalar = scalars[position]
            position += 1
            if scalar == quote { return text }
            guard scalar == "\\" else {
                text.unicodeScalars.append(scalar)
                continue
            }
            guard position < scalars.count else { break }
            let escaped = scalars[position]
            position += 1
            switch escaped {
            case "n": text += "\n"
            case "r": text += "\r"
            case "t": text += "\t"
            case "\\", "'", "\"", "`", "?": text.unicodeScalars.append(escaped)
            default: throw CELError(message: "unknown escape '\\\(escaped)'")
            }
        }
        throw CELError(message: "string without end")
    }
}
