/// `status` of a ServedModel, exactly as it is written; absent values are omitted.
package struct ServedModelStatus: Codable, Hashable, Sendable {
    package struct Adapter: Codable, Hashable, Sendable, Comparable {
        package var id: String
        package var root: String

        package init(id: String, root: String) {
            self.id = id
            self.root = root
        }

        package static func < (a: Adapter, b: Adapter) -> Bool { (a.id, a.root) < (b.id, b.root) }
    }

    package struct Adapters: Codable, Hashable, Sendable {
        /// Those of LoRAAdapters.
        package var managed = 0
        package var unmanagedCount = 0
        /// The first of the others, sorted.
        package var unmanaged: [Adapter] = []

        package static let limit = 64

        package init() {}
    }

    package var id: String
    package var root: String?
    package var maxModelLen: Int?
    package var service: String
    /// Servers that serve it now, of those that should: `2/3`.
    package var servers: String
    package var version: String?
    package var adapters = Adapters()
    package var conditions: [AdapterCondition] = []

    package init(id: String, service: String, servers: String) {
        self.id = id
        self.service = service
        self.servers = servers
    }
}

/// What is to be done about one ServedModel.
package enum ServedModelChange: Hashable, Sendable {
    case write(name: String, ServedModelStatus)
    /// Every server answered, and none of them serves it.
    case delete(name: String)
}

package enum ServedModelName {
    /// The name of the object for a base model id behind a Service: ids are free text, names are not.
    package static func of(_ id: String, behind service: String) -> String {
        let digits = String(StableHash.of(id), radix: 16)
        return "\(service)-\((String(repeating: "0", count: 16 - digits.count) + digits).prefix(10))"
    }
}
