package import DynamicJSON

/// One operation of a JSON Patch (RFC 6902), on a JSON pointer like `/metadata/finalizers`.
package enum JSONPatchOperation: Hashable, Sendable {
    /// The patch fails with ``APIError/invalid(_:)`` unless the value at `path` equals this one.
    case test(path: String, value: JSONValue)
    case add(path: String, value: JSONValue)
    case replace(path: String, value: JSONValue)
    case remove(path: String)
}

extension JSONPatchOperation: Encodable {
    private enum CodingKeys: CodingKey { case op, path, value }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        let (op, path, value): (String, String, JSONValue?) =
            switch self {
            case .test(let path, let value): ("test", path, value)
            case .add(let path, let value): ("add", path, value)
            case .replace(let path, let value): ("replace", path, value)
            case .remove(let path): ("remove", path, nil)
            }
        try fields.encode(op, forKey: .op)
        try fields.encode(path, forKey: .path)
        if let value { try fields.encode(value, forKey: .value) }
    }
}
