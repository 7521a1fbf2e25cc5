package import AdapterPlanning
package import KubeAPI

/// A `ServedModel` of `lora-operator.dev/v1alpha1`: a base model as it was discovered behind a Service.
package struct ServedModel: KubeObject {
    package static let resource = Resource(
        group: "lora-operator.dev", version: "v1alpha1", plural: "servedmodels", kind: "ServedModel")

    /// On the operator's own objects alone: names the Service.
    package static let serviceLabel = "lora-operator.dev/service"
    static let managedByLabel = "app.kubernetes.io/managed-by"

    package var metadata: ObjectMeta
    package var status: ServedModelStatus?
    /// UIDs of the Services that own it.
    var owners: [String]

    private enum CodingKeys: CodingKey { case metadata, status }

    private struct Owners: Decodable {
        struct Reference: Decodable { var uid: String? }

        var ownerReferences: [Reference]?
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        metadata = try fields.decode(ObjectMeta.self, forKey: .metadata)
        owners = try fields.decode(Owners.self, forKey: .metadata).ownerReferences?.compactMap(\.uid) ?? []
        // A status that somebody mangled counts as lost, and is written anew.
        status = try? fields.decodeIfPresent(ServedModelStatus.self, forKey: .status)
    }

    /// The Service of an object that the operator made.
    var service: NamespacedName? {
        guard metadata.labels[Self.managedByLabel] == LoRAAdapter.fieldManager else { return nil }
        return metadata.labels[Self.serviceLabel].map { NamespacedName(namespace: metadata.namespace, name: $0) }
    }

    /// What creates one: owned by its Service, so that it goes when that goes.
    struct Creation: Encodable {
        struct Metadata: Encodable {
            var name: String
            var namespace: String
            var labels: [String: String]
            var ownerReferences: [ObjectReference]
        }

        var apiVersion = ServedModel.resource.apiVersion
        var kind = ServedModel.resource.kind
        var metadata: Metadata

        init(_ name: String, of service: Service) {
            metadata = Metadata(
                name: name, namespace: service.metadata.namespace,
                labels: [
                    ServedModel.managedByLabel: LoRAAdapter.fieldManager,
                    ServedModel.serviceLabel: service.metadata.name,
                ],
                ownerReferences: [
                    ObjectReference(
                        apiVersion: "v1", kind: "Service", name: service.metadata.name, uid: service.metadata.uid)
                ])
        }
    }
}
