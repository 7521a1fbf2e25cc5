import DynamicJSON

/// A label selector: `a=b,c!=d,e in (f,g),h,!i`.
struct LabelSelector: Sendable {
    private enum Requirement: Sendable {
        case isIn(String, Set<String>)
        case notIn(String, Set<String>)
        case exists(String)
        case absent(String)
    }

    private var requirements: [Requirement] = []

    /// - Throws: ``StatusError`` 400 in the words of apimachinery (fixture 068).
    init(_ text: String) throws {
        var lexer = Lexer(text)
        if lexer.peek() == "" { return }
        while true {
            requirements.append(try Self.requirement(&lexer))
            let next = lexer.take()
            if next == "" { return }
            guard next == "," else { throw Self.refusal(next, "',' or 'end of string'") }
        }
    }

    var isEmpty: Bool { requirements.isEmpty }

    func matches(_ labels: JSONValue?) -> Bool {
        requirements.allSatisfy { requirement in
            switch requirement {
            case .isIn(let key, let values): labels?[key]?.stringValue.map(values.contains) ?? false
            case .notIn(let key, let values): !(labels?[key]?.stringValue.map(values.contains) ?? false)
            case .exists(let key): labels?[key] != nil
            case .absent(let key): labels?[key] == nil
            }
        }
    }

    private static func refusal(_ found: String, _ expected: String) -> StatusError {
        StatusError(400, "BadRequest", "found '\(found)', expected: \(expected)")
    }

    private static func requirement(_ lexer: inout Lexer) throws -> Requirement {
        let first = lexer.take()
        let isNegated = first == "!"
        let key = isNegated ? lexer.take() : first
        guard let start = key.first, !Lexer.symbols.contains(start) else {
            throw refusal(key, isNegated ? "identifier" : "!, identifier, or 'end of string'")
        }
        guard ObjectMeta.isQualifiedName(key) else {
            throw StatusError(
                400, "BadRequest",
                "unable to parse requirement: <nil>: Invalid value: \"\(key)\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
            )
        }
        if isNegated { return .absent(key) }
        switch lexer.peek() {
        case "", ",": return .exists(key)
        case "=", "==":
            _ = lexer.take()
            return .isIn(key, [try value(&lexer)])
        case "!=":
            _ = lexer.take()
            return .notIn(key, [try value(&lexer)])
        case "in", "notin":
            let isIn = lexer.take() == "in"
            let open = lexer.take()
            guard open == "(" else { throw refusal(open, "'('") }
            var values: Set<String> = []
            while true {
                values.insert(try value(&lexer))
                let next = lexer.take()
                if next == ")" { break }
                guard next == "," else { throw refusal(next, "',' or ')'") }
            }
            return isIn ? .isIn(key, values) : .notIn(key, values)
        case let other: throw refusal(other, "in, notin, =, ==, !=, gt, lt")
        }
    }

    private static func value(_ lexer: inout Lexer) throws -> String {
        let next = lexer.peek()
        // An empty value is written as nothing at all.
        if next == "" || next == "," || next == ")" { return "" }
        _ = lexer.take()
        guard let first = next.first, !Lexer.symbols.contains(first) else { throw refusal(next, "identifier") }
        return next
    }

    private struct Lexer {
        static let symbols: Set<Character> = ["=", "!", "(", ")", ",", "<", ">"]
        private var rest: Substring

        init(_ text: String) { rest = Substring(text) }

        func peek() -> String {
            var copy = self
            return copy.take()
        }

        /// The next token; empty at the end.
        mutating func take() -> String {
            rest = rest.drop { $0.isWhitespace }
            guard let first = rest.first else { return "" }
            for symbol in ["==", "!="] where rest.hasPrefix(symbol) {
                rest = rest.dropFirst(2)
                return symbol
            }
            if Self.symbols.contains(first) {
                rest = rest.dropFirst()
                return String(first)
            }
            let word = rest.prefix { !$0.isWhitespace && !Self.symbols.contains($0) }
            rest = rest.dropFirst(word.count)
            return String(word)
        }
    }
}
