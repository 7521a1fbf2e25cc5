package import DynamicJSON
import YAML

extension JSONValue {
    /// The documents of a YAML text, empty ones left out.
    ///
    /// - Throws: ``StatusError`` 400 with the parser's words.
    package static func documents(yaml: String) throws -> [JSONValue] {
        do {
            return try YAMLNode.documents(of: yaml).map(\.json).filter { !$0.isNull }
        } catch let error as YAMLError {
            throw StatusError(400, "BadRequest", "yaml: \(error)")
        }
    }
}
