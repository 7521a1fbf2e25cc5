/// `spec` of a LoRAAdapter as the API server stores it; absent fields take the schema's defaults.
package struct AdapterSpec: Decodable, Hashable, Sendable {
    package var loraName: String?
    package var loraPath: String
    package var baseModelName: String?
    package var is3dLoraWeight: Bool?
    package var target: Target
    package var placement: Placement?
    package var update: Update?
    package var loadTimeout: String?
    package var deletion: Deletion?
    package var conflictPolicy: String?
    package var loading: String?
    package var suspend: Bool?

    package init(loraPath: String, target: Target) {
        self.loraPath = loraPath
        self.target = target
    }

    package struct Target: Decodable, Hashable, Sendable {
        package var service: ServiceReference
        package var scheme: String?
        package var apiKeySecretRef: KeyReference?
        package var tls: TLS?

        package init(service: ServiceReference) { self.service = service }
    }

    package struct ServiceReference: Decodable, Hashable, Sendable {
        package var name: String
        package var port: PortReference?

        package init(name: String, port: PortReference? = nil) {
            self.name = name
            self.port = port
        }
    }

    /// A Service's port by number or by name (an int-or-string in the schema).
    package enum PortReference: Decodable, Hashable, Sendable {
        case number(Int)
        case name(String)

        package init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                self = .number(number)
            } else {
                self = .name(try container.decode(String.self))
            }
        }
    }

    /// A key of a Secret in the object's own namespace.
    package struct KeyReference: Decodable, Hashable, Sendable {
        package var name: String
        package var key: String

        package init(name: String, key: String) {
            self.name = name
            self.key = key
        }
    }

    package struct TLS: Decodable, Hashable, Sendable {
        package var caSecretRef: KeyReference?
        package var serverName: String?

        package init(caSecretRef: KeyReference? = nil, serverName: String? = nil) {
            self.caSecretRef = caSecretRef
            self.serverName = serverName
        }
    }

    package struct Placement: Decodable, Hashable, Sendable {
        package var replicas: Int?
    }

    package struct Update: Decodable, Hashable, Sendable {
        package var strategy: String?
        package var maxUnavailable: Int?
    }

    package struct Deletion: Decodable, Hashable, Sendable {
        package var policy: String?
        package var timeout: String?
    }
}
