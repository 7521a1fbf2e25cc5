/// An answer of another kind than the one asked for: a Table, a page of somebody else.
struct WrongKind: Error, CustomStringConvertible {
    var expected: String
    var found: String

    var description: String { "expected \(expected), got \(found.oneLine(limit: 200))" }
}

/// Type of an object as it stands in the object.
struct TypeMeta: Decodable {
    var apiVersion: String
    var kind: String

    private enum CodingKeys: CodingKey { case apiVersion, kind }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        apiVersion = try fields.text(.apiVersion)
        kind = try fields.text(.kind)
    }

    func require(_ expectedKind: String, of resource: Resource) throws {
        guard kind == expectedKind, apiVersion == resource.apiVersion else {
            throw WrongKind(expected: "\(resource.apiVersion) \(expectedKind)", found: "\(apiVersion) \(kind)")
        }
    }
}

/// An object that must name its own type.
struct Typed<Object: KubeObject>: Decodable {
    var object: Object

    init(from decoder: any Decoder) throws {
        try TypeMeta(from: decoder).require(Object.resource.kind, of: Object.resource)
        object = try Object(from: decoder)
    }
}

/// As much of an object's identity as can be read.
struct Identity: Decodable {
    private enum CodingKeys: CodingKey { case metadata }
    private enum MetaKeys: CodingKey { case namespace, name, uid, resourceVersion }

    var key: NamespacedName?
    var uid = ""
    var resourceVersion = ""

    init() {}

    init(from decoder: any Decoder) throws {
        guard let fields = try? decoder.container(keyedBy: CodingKeys.self),
            let meta = try? fields.nestedContainer(keyedBy: MetaKeys.self, forKey: .metadata)
        else { return }
        if let name = try? meta.decode(String.self, forKey: .name) {
            key = NamespacedName(namespace: (try? meta.text(.namespace)) ?? "", name: name)
        }
        uid = (try? meta.text(.uid)) ?? ""
        resourceVersion = (try? meta.text(.resourceVersion)) ?? ""
    }

    func undecodable(because error: any Error) -> UndecodableObject {
        UndecodableObject(
            key: key, uid: uid, resourceVersion: resourceVersion,
            message: (error as? DecodingError)?.summary ?? "\(error)".oneLine(limit: 300))
    }
}

/// An object, or why it is none.
enum Attempted<Object: KubeObject>: Decodable {
    case object(Object)
    case undecodable(UndecodableObject)

    init(from decoder: any Decoder) throws {
        do {
            self = .object(try Object(from: decoder))
        } catch {
            self = .undecodable(try Identity(from: decoder).undecodable(because: error))
        }
    }
}

extension DecodingError {
    /// One line that says where something is wrong, and what; values are not repeated.
    var summary: String {
        let (context, what): (Context, String) =
            switch self {
            case .typeMismatch(let type, let context): (context, "expected \(type)")
            case .valueNotFound(let type, let context): (context, "expected \(type), found null")
            case .keyNotFound(let key, let context): (context, "\(key.stringValue) is missing")
            case .dataCorrupted(let context): (context, context.debugDescription)
            @unknown default: (Context(codingPath: [], debugDescription: ""), "cannot be read")
            }
        let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
        return (path.isEmpty ? what : "\(path.drop { $0 == "." }): \(what)").oneLine(limit: 300)
    }
}
