import KubeAPI

/// The kind that was recorded, as far as these tests look at it.
struct TestAdapter: KubeObject, Hashable {
    static let resource = Resource(
        group: "lora-operator.dev", version: "v1alpha1", plural: "loraadapters", kind: "LoRAAdapter")

    struct Spec: Decodable, Hashable { var loraPath: String }

    var metadata: ObjectMeta
    var spec: Spec
}
