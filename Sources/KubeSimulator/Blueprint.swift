import Synchronization

/// What servers with the same definitions share: made once for all that a process starts, thousands in simulations.
struct Blueprint: Sendable {
    let definitions: Definitions
    let documents: OpenAPIDocuments

    private static let latest = Mutex<(texts: [String], blueprint: Blueprint)?>(nil)

    /// - Throws: ``StatusError`` naming the definition that cannot be served, and why.
    static func of(_ texts: [String]) throws -> Blueprint {
        if let latest = latest.withLock({ $0 }), latest.texts == texts { return latest.blueprint }
        let definitions = try Definitions(texts)
        let blueprint = Blueprint(definitions: definitions, documents: OpenAPIDocuments(definitions.kinds))
        latest.withLock { $0 = (texts, blueprint) }
        return blueprint
    }
}
