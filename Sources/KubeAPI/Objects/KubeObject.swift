/// An object of the API, projected to the fields that this program uses.
///
/// Everything else, `managedFields` above all, is dropped while decoding: a store then holds a fraction of what came.
package protocol KubeObject: Decodable, Sendable {
    static var resource: Resource { get }
    var metadata: ObjectMeta { get }
}

extension KubeObject {
    package var key: NamespacedName { metadata.key }
}
