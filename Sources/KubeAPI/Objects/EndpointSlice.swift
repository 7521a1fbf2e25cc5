/// Some of the endpoints of a Service.
package struct EndpointSlice: KubeObject, Hashable {
    package static let resource = Resource(
        group: "discovery.k8s.io", version: "v1", plural: "endpointslices", kind: "EndpointSlice")

    package var metadata: ObjectMeta
    /// `IPv4`, `IPv6` or `FQDN`.
    package var addressType: String
    package var endpoints: [Endpoint]
    package var ports: [EndpointPort]

    package init(
        metadata: ObjectMeta, addressType: String = "IPv4", endpoints: [Endpoint] = [], ports: [EndpointPort] = []
    ) {
        self.metadata = metadata
        self.addressType = addressType
        self.endpoints = endpoints
        self.ports = ports
    }

    private enum CodingKeys: CodingKey { case metadata, addressType, endpoints, ports }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        metadata = try fields.decode(ObjectMeta.self, forKey: .metadata)
        addressType = try fields.text(.addressType)
        endpoints = try fields.list(.endpoints)
        ports = try fields.list(.ports)
    }

    /// The Service that the slice belongs to; nil for a slice of nothing.
    package var serviceName: String? { metadata.labels["kubernetes.io/service-name"] }
}

package struct Endpoint: Hashable, Sendable, Decodable {
    /// Interchangeable; the API guarantees at least one.
    package var addresses: [String]
    package var hostname: String?
    package var conditions: EndpointConditions
    package var targetRef: ObjectReference?

    package init(
        addresses: [String], hostname: String? = nil, conditions: EndpointConditions = EndpointConditions(),
        targetRef: ObjectReference? = nil
    ) {
        self.addresses = addresses
        self.hostname = hostname
        self.conditions = conditions
        self.targetRef = targetRef
    }

    private enum CodingKeys: CodingKey { case addresses, hostname, conditions, targetRef }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        addresses = try fields.list(.addresses)
        hostname = try fields.decodeIfPresent(String.self, forKey: .hostname)
        conditions =
            try fields.decodeIfPresent(EndpointConditions.self, forKey: .conditions) ?? EndpointConditions()
        targetRef = try fields.decodeIfPresent(ObjectReference.self, forKey: .targetRef)
    }
}

/// nil means unknown, which consumers of the API read as: ready, serving, not terminating.
package struct EndpointConditions: Hashable, Sendable, Decodable {
    package var ready: Bool?
    package var serving: Bool?
    package var terminating: Bool?

    package init(ready: Bool? = nil, serving: Bool? = nil, terminating: Bool? = nil) {
        self.ready = ready
        self.serving = serving
        self.terminating = terminating
    }
}

package struct EndpointPort: Hashable, Sendable, Decodable {
    /// Equals the Service port's name, which may be empty.
    package var name: String?
    /// nil stands for all ports.
    package var port: Int?
    /// `TCP` when absent.
    package var `protocol`: String

    package init(name: String? = nil, port: Int? = nil, protocol: String = "TCP") {
        self.name = name
        self.port = port
        self.protocol = `protocol`
    }

    private enum CodingKeys: CodingKey { case name, port, `protocol` }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        name = try fields.decodeIfPresent(String.self, forKey: .name)
        port = try fields.decodeIfPresent(Int.self, forKey: .port)
        self.protocol = try fields.decodeIfPresent(String.self, forKey: .protocol) ?? "TCP"
    }
}
