import KubeSimulator
import Testing

/// JSON as the simulator knows it; KubeAPI has a type of that name too.
typealias JSONNode = JSONValue

extension JSONNode {
    /// The one object of a YAML text.
    static func yaml(_ text: String) throws -> JSONNode {
        let documents = try documents(yaml: text)
        return try #require(documents.count == 1 ? documents.first : nil)
    }
}
