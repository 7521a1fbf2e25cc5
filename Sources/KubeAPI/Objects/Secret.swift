package import FoundationEssentials

/// A Secret, read with `get` alone: never listed, never watched, never printed.
package struct Secret: KubeObject, CustomStringConvertible, CustomReflectable {
    package static let resource = Resource(plural: "secrets", kind: "Secret")

    package var metadata: ObjectMeta
    /// Decoded from base64.
    package var data: [String: Data]

    package init(metadata: ObjectMeta, data: [String: Data] = [:]) {
        self.metadata = metadata
        self.data = data
    }

    private enum CodingKeys: CodingKey { case metadata, data }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        metadata = try fields.decode(ObjectMeta.self, forKey: .metadata)
        data = try fields.map(.data)
    }

    /// Names and sizes are no secret, contents are.
    package var description: String { "Secret \(key) with \(data.count) keys" }

    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
