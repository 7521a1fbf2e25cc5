package import DynamicJSON

/// A manifest as people write it: YAML blocks, keys in the order of the documentation.
package enum ManifestText {
    private static let order = [
        "apiVersion", "kind", "metadata", "spec", "name", "namespace", "key", "loraName", "loraPath", "baseModelName",
        "is3dLoraWeight", "target", "placement", "service", "apiKeySecretRef",
    ]

    package static func of(_ value: JSONValue) -> String { lines(value, indent: "") }

    private static func lines(_ value: JSONValue, indent: String) -> String {
        let members = (value.objectValue ?? [:]).sorted { rank($0.key) < rank($1.key) }
        return members.map { key, member in
            if member.objectValue != nil { return "\(indent)\(key):\n\(lines(member, indent: indent + "  "))" }
            return "\(indent)\(key): \(scalar(member))\n"
        }.joined()
    }

    private static func rank(_ key: String) -> (Int, String) { (order.firstIndex(of: key) ?? order.count, key) }

    /// Plain where YAML cannot take it for something else, else quoted as JSON, which is YAML too.
    private static func scalar(_ value: JSONValue) -> String {
        guard let text = value.stringValue else { return value.text }
        let isPlain = text.wholeMatch(of: /[a-zA-Z\/][-a-zA-Z0-9._\/]*/) != nil
        let words: Set = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        return isPlain && !words.contains(text.lowercased()) ? text : value.text
    }
}
