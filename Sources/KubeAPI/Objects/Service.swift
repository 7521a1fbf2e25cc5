/// A Service, as far as it says which endpoints it has.
package struct Service: KubeObject, Hashable {
    package static let resource = Resource(plural: "services", kind: "Service")

    package var metadata: ObjectMeta
    package var spec: ServiceSpec

    package init(metadata: ObjectMeta, spec: ServiceSpec = ServiceSpec()) {
        self.metadata = metadata
        self.spec = spec
    }

    private enum CodingKeys: CodingKey { case metadata, spec }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        metadata = try fields.decode(ObjectMeta.self, forKey: .metadata)
        spec = try fields.decodeIfPresent(ServiceSpec.self, forKey: .spec) ?? ServiceSpec()
    }
}

package struct ServiceSpec: Hashable, Sendable, Decodable {
    /// `ClusterIP` when absent.
    package var type: String
    /// `None` for a headless Service, empty for an ExternalName.
    package var clusterIP: String
    package var externalName: String
    package var selector: [String: String]
    /// In the order of preference: `IPv4`, `IPv6`.
    package var ipFamilies: [String]
    package var ports: [ServicePort]

    package init(
        type: String = "ClusterIP", clusterIP: String = "", externalName: String = "", selector: [String: String] = [:],
        ipFamilies: [String] = [], ports: [ServicePort] = []
    ) {
        self.type = type
        self.clusterIP = clusterIP
        self.externalName = externalName
        self.selector = selector
        self.ipFamilies = ipFamilies
        self.ports = ports
    }

    private enum CodingKeys: CodingKey { case type, clusterIP, externalName, selector, ipFamilies, ports }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        type = try fields.decodeIfPresent(String.self, forKey: .type) ?? "ClusterIP"
        clusterIP = try fields.text(.clusterIP)
        externalName = try fields.text(.externalName)
        selector = try fields.map(.selector)
        ipFamilies = try fields.list(.ipFamilies)
        ports = try fields.list(.ports)
    }
}

package struct ServicePort: Hashable, Sendable, Decodable {
    /// Empty when the only port has no name.
    package var name: String
    package var port: Int
    /// `TCP` when absent.
    package var `protocol`: String

    package init(name: String = "", port: Int, protocol: String = "TCP") {
        self.name = name
        self.port = port
        self.protocol = `protocol`
    }

    private enum CodingKeys: CodingKey { case name, port, `protocol` }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        name = try fields.text(.name)
        port = try fields.decode(Int.self, forKey: .port)
        self.protocol = try fields.decodeIfPresent(String.self, forKey: .protocol) ?? "TCP"
    }
}
