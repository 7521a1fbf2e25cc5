import DynamicJSON
import KubeSimulator
import Testing

extension JSONValue {
    /// The one object of a YAML text.
    static func yaml(_ text: String) throws -> JSONValue {
        let documents = try documents(yaml: text)
        return try #require(documents.count == 1 ? documents.first : nil)
    }
}
