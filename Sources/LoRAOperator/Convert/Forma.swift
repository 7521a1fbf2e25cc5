package import DynamicJSON

/// Formae's own text (Pkl), read as far as it is plain: `new vllm.LoRAAdapter { loraName = "sql" … }`.
///
/// What Pkl computes is not known without Pkl; `formae eval` writes it as JSON.
package enum Forma {
    /// The adapters of a forma: their properties, and the names of those that are not plain values.
    package static func adapters(in text: String) -> [(properties: JSONValue, computed: [String])] {
        text.matches(of: /new\s+(?:[\w.]+\.)?LoRAAdapter\s*\{/).map { match in
            var properties: [String: JSONValue] = [:]
            var computed: [String] = []
            for line in block(text[match.range.upperBound...]) {
                guard let assignment = line.wholeMatch(of: /\s*(\w+)\s*=\s*(.*?)\s*(?:\/\/.*)?/) else { continue }
                let (name, value) = (String(assignment.output.1), assignment.output.2)
                if let string = value.wholeMatch(of: /"([^"\\]*)"/) {
                    properties[name] = .string(String(string.output.1))
                } else if value == "true" || value == "false" {
                    properties[name] = .bool(value == "true")
                } else {
                    computed.append(name)
                }
            }
            return (.object(properties), computed)
        }
    }

    /// The lines up to the brace that closes, those of inner blocks left out.
    private static func block(_ text: Substring) -> [Substring] {
        var depth = 1
        var lines: [Substring] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let outer = depth
            for character in line where character == "{" || character == "}" { depth += character == "{" ? 1 : -1 }
            // A brace after the value on the same line ends the block, not the value.
            if outer == 1 { lines.append(contentsOf: line.split(whereSeparator: { $0 == ";" || $0 == "}" })) }
            if depth <= 0 { break }
        }
        return lines
    }
}
