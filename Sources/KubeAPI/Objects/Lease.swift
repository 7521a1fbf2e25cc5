/// A `coordination.k8s.io` Lease.
package struct Lease: KubeObject, Hashable {
    package static let resource = Resource(
        group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease")

    package var metadata: ObjectMeta
    package var spec: LeaseSpec

    package init(metadata: ObjectMeta, spec: LeaseSpec = LeaseSpec()) {
        self.metadata = metadata
        self.spec = spec
    }

    private enum CodingKeys: CodingKey { case metadata, spec }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        metadata = try fields.decode(ObjectMeta.self, forKey: .metadata)
        spec = try fields.decodeIfPresent(LeaseSpec.self, forKey: .spec) ?? LeaseSpec()
    }
}

/// Who holds a Lease.
///
/// Times are `2006-01-02T15:04:05.000000Z`, for people: nobody decides by them.
package struct LeaseSpec: Hashable, Sendable, Codable {
    package var holderIdentity: String?
    package var leaseDurationSeconds: Int?
    package var acquireTime: String?
    package var renewTime: String?
    package var leaseTransitions: Int?

    package init(
        holderIdentity: String? = nil, leaseDurationSeconds: Int? = nil, acquireTime: String? = nil,
        renewTime: String? = nil, leaseTransitions: Int? = nil
    ) {
        self.holderIdentity = holderIdentity
        self.leaseDurationSeconds = leaseDurationSeconds
        self.acquireTime = acquireTime
        self.renewTime = renewTime
        self.leaseTransitions = leaseTransitions
    }
}
