import DynamicJSON
import Effects

/// Everything the server knows, and the rules for changing it.
///
/// No clock, no I/O: times and randomness come in.
struct Model: Sendable {
    let kinds: [ResourceKind]
    let configuration: KubeSimulator.Configuration
    let random: any RandomSource
    private(set) var revision: UInt64 = 1
    private(set) var collections: [String: Collection] = [:]
    /// Set when a change was made: the resources whose watchers have something to read.
    var changed: Set<String> = []
    var lastEventSweep = 0.0
    private var objectCount = 0
    private var weight = 0
    private var nextClusterIP: UInt32 = 0

    init(
        _ configuration: KubeSimulator.Configuration, _ definitions: Definitions, time: String,
        random: any RandomSource
    ) throws {
        self.configuration = configuration
        self.random = random
        kinds = definitions.kinds
        for kind in kinds { collections[kind.storage] = Collection(compacted: 0, limit: configuration.historyLimit) }
        for definition in definitions.objects(at: time) {
            store(definition, of: try kind(plural: "customresourcedefinitions"), time: time)
        }
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            let namespace: JSONValue = [
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": ["name": .string(name), "labels": ["kubernetes.io/metadata.name": .string(name)]],
                "spec": ["finalizers": ["kubernetes"]], "status": ["phase": "Active"],
            ]
            store(namespace, of: try kind(plural: "namespaces"), time: time)
        }
        compact()
        changed = []
    }

    private mutating func store(_ object: JSONValue, of kind: ResourceKind, time: String) {
        var object = object
        object["metadata", "uid"] = .string(makeUID())
        object["metadata", "creationTimestamp"] = .string(time)
        commit(object, of: kind)
    }

    // MARK: Looking up

    func kind(plural: String) throws -> ResourceKind {
        let isName = { (kind: ResourceKind) in kind.plural == plural || kind.qualifiedPlural == plural }
        guard let kind = kinds.first(where: { isName($0) && !$0.isCoreEvent }) else {
            throw StatusError(404, "NotFound", "the server could not find the requested resource \(plural)")
        }
        return kind
    }

    func kind(of object: JSONValue) throws -> ResourceKind {
        let (apiVersion, name) = (object["apiVersion"]?.stringValue ?? "", object["kind"]?.stringValue ?? "")
        guard let kind = kinds.first(where: { $0.apiVersion == apiVersion && $0.kind == name }) else {
            throw StatusError(404, "NotFound", "no matches for kind \"\(name)\" in version \"\(apiVersion)\"")
        }
        return kind
    }

    func collection(_ kind: ResourceKind) -> Collection {
        collections[kind.storage] ?? Collection(compacted: revision, limit: configuration.historyLimit)
    }

    func stored(_ kind: ResourceKind, _ key: ObjectKey) throws -> StoredObject {
        guard let object = collections[kind.storage]?.objects[key] else { throw Self.notFound(kind, key.name) }
        return object
    }

    static func notFound(_ kind: ResourceKind, _ name: String) -> StatusError {
        StatusError(404, "NotFound", "\(kind.qualifiedPlural) \"\(name)\" not found", details: details(kind, name))
    }

    /// The member `details` of most answers, naming the resource.
    static func details(_ kind: ResourceKind, _ name: String) -> JSONValue {
        var details: JSONValue = ["name": .string(name), "kind": .string(kind.plural)]
        if !kind.group.isEmpty { details["group"] = .string(kind.group) }
        return details
    }

    static func conflict(_ kind: ResourceKind, _ name: String) -> StatusError {
        StatusError(
            409, "Conflict",
            "Operation cannot be fulfilled on \(kind.qualifiedPlural) \"\(name)\": the object has been modified; please apply your changes to the latest version and try again",
            details: details(kind, name))
    }

    static func invalid(_ kind: ResourceKind, _ name: String, _ causes: [Cause]) -> StatusError {
        var shown: [String] = []
        for cause in causes {
            let text = "\(cause.field): \(cause.message)"
            if !shown.contains(text) { shown.append(text) }
        }
        let summary = shown.count == 1 ? shown.joined() : "[" + shown.joined(separator: ", ") + "]"
        var details: JSONValue = [
            "name": .string(name), "kind": .string(kind.kind), "causes": .array(causes.map(\.json)),
        ]
        if kind.qualifiedKind != kind.kind { details["group"] = .string(kind.group) }
        return StatusError(
            422, "Invalid", "\(kind.qualifiedKind) \"\(name)\" is invalid: \(summary)", details: details)
    }

    // MARK: Changing

    /// Stores `object` under the next resourceVersion and tells the watchers.
    @discardableResult
    mutating func commit(_ object: JSONValue, of kind: ResourceKind) -> StoredObject {
        let stored = version(object)
        if let previous = collections[kind.storage]?.objects[stored.key] {
            weight -= previous.weight
        } else {
            objectCount += 1
        }
        weight += stored.weight
        collections[kind.storage]?.record(stored)
        changed.insert(kind.storage)
        return stored
    }

    /// Removes an object; `last` is how it is shown to watchers.
    mutating func remove(_ last: JSONValue, of kind: ResourceKind) {
        let stored = version(last)
        guard let previous = collections[kind.storage]?.objects[stored.key] else { return }
        weight -= previous.weight
        objectCount -= 1
        collections[kind.storage]?.recordDeletion(stored)
        changed.insert(kind.storage)
        if kind.isNamespaced { finishNamespace(stored.key.namespace) }
    }

    private mutating func version(_ object: JSONValue) -> StoredObject {
        revision += 1
        var object = object
        object["metadata", "resourceVersion"] = .string(String(revision))
        return StoredObject(object, revision: revision)
    }

    mutating func compact() {
        for name in collections.keys { collections[name]?.compact(at: revision) }
        changed.formUnion(collections.keys)
    }

    /// Replaces everything, for a restored snapshot; watchers find their history gone.
    mutating func replaceAll(_ objects: [(ResourceKind, JSONValue)], revision: UInt64) {
        self.revision = revision
        for name in collections.keys {
            collections[name] = Collection(compacted: self.revision, limit: configuration.historyLimit)
        }
        objectCount = objects.count
        weight = 0
        nextClusterIP = 0
        for (kind, object) in objects {
            let stored = StoredObject(object, revision: self.revision)
            weight += stored.weight
            collections[kind.storage]?.record(stored)
            if kind.plural == "services" { nextClusterIP = max(nextClusterIP, Self.number(ofClusterIPOf: object)) }
        }
        compact()
    }

    private static func number(ofClusterIPOf service: JSONValue) -> UInt32 {
        let parts = (service["spec", "clusterIP"]?.stringValue ?? "").split(separator: ".").compactMap { UInt8($0) }
        guard parts.count == 4, parts[0] == 10 else { return 0 }
        return parts.dropFirst().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Bytes that one object, and all together, may take; etcd's limits are of the same order.
    private static let objectWeightLimit = 4 << 20
    private static let weightLimit = 512 << 20

    /// Refuses what would make this server grow without end.
    func checkRoom(for object: JSONValue, isNew: Bool) throws {
        let size = object.weight
        if size > Self.objectWeightLimit {
            throw StatusError(413, "RequestEntityTooLarge", "etcdserver: request is too large")
        }
        guard !isNew || objectCount < configuration.objectLimit, weight + size <= Self.weightLimit else {
            let problem = "this API server is full: \(objectCount) objects, \(weight >> 20) MiB"
            throw StatusError(429, "TooManyRequests", problem, retryAfter: 5)
        }
    }

    func makeUID() -> String {
        let high = (random.next() & 0xFFFF_FFFF_FFFF_0FFF) | 0x4000
        let low = (random.next() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
        let (first, second) = (hexadecimal(high, width: 16), hexadecimal(low, width: 16))
        let parts = [
            first.prefix(8), first.dropFirst(8).prefix(4), first.suffix(4), second.prefix(4), second.suffix(12),
        ]
        return parts.joined(separator: "-")
    }

    /// The five characters that complete a `generateName`.
    func makeSuffix() -> String {
        let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
        var bits = random.next()
        return String(
            (0..<5).map { _ in
                defer { bits /= UInt64(alphabet.count) }
                return alphabet[Int(bits % UInt64(alphabet.count))]
            })
    }

    /// A virtual address for a Service: unique until 16 million were given out.
    mutating func makeClusterIP() -> String {
        nextClusterIP = (nextClusterIP &+ 1) & 0xFF_FFFF
        return "10.\(nextClusterIP >> 16 & 0xFF).\(nextClusterIP >> 8 & 0xFF).\(nextClusterIP & 0xFF)"
    }
}
