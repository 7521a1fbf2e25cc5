/// One value of a YAML text, and where it stands.
///
/// Only what JSON can say: keys are text, aliases are what they stand for.
package struct YAMLNode: Sendable {
    package enum Content: Sendable {
        /// A plain one has no quotes: what it means goes by how it looks.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([String: YAMLNode])
    }

    package let content: Content
    /// Where it begins, from 1.
    package let line: Int
}
