import DynamicJSON

/// A LoRAAdapter as the API server stores it, read the simplest way there is: this is the oracle, not the operator.
struct Adapter {
    let object: JSONValue

    let name: String
    let uid: String
    let generation: Int64
    let created: String
    let isTerminating: Bool
    let hasFinalizer: Bool

    let loraName: String
    let path: String
    let base: String?
    let service: String
    /// The port by its name; nil where it is told by number, or not at all.
    let portName: String?
    let maxUnavailable: Int
    let replicas: Int?
    let isSuspended: Bool
    let overwrites: Bool
    let isOrphaning: Bool
    let isInPlace: Bool
    let isOnDemand: Bool
    let loadTimeout: Duration?
    let deletionTimeout: Duration?
    let deletedAt: String?
    /// The Secret with which servers are asked.
    let secret: String?

    let phase: String
    let claims: [Entry]

    init(object: JSONValue) {
        self.object = object
        let (metadata, spec) = (object["metadata"] ?? .null, object["spec"] ?? .null)
        name = metadata["name"]?.stringValue ?? ""
        uid = metadata["uid"]?.stringValue ?? ""
        generation = metadata["generation"]?.intValue ?? 0
        created = metadata["creationTimestamp"]?.stringValue ?? ""
        isTerminating = metadata["deletionTimestamp"]?.stringValue != nil
        hasFinalizer = metadata["finalizers"]?.arrayValue?.contains("lora-operator.dev/unload") ?? false
        loraName = spec["loraName"]?.stringValue ?? name
        path = spec["loraPath"]?.stringValue ?? ""
        base = spec["baseModelName"]?.stringValue
        service = spec["target", "service", "name"]?.stringValue ?? ""
        portName = spec["target", "service", "port"]?.stringValue
        maxUnavailable = Int(spec["update", "maxUnavailable"]?.intValue ?? 1)
        replicas = spec["placement", "replicas"]?.intValue.map { Int($0) }
        isSuspended = spec["suspend"]?.boolValue ?? false
        overwrites = spec["conflictPolicy"]?.stringValue == "Overwrite"
        isOrphaning = spec["deletion", "policy"]?.stringValue == "Orphan"
        isInPlace = spec["update", "strategy"]?.stringValue == "InPlace"
        isOnDemand = spec["loading"]?.stringValue == "OnDemand"
        loadTimeout = Self.durations[spec["loadTimeout"]?.stringValue ?? "5m"]
        deletionTimeout = Self.durations[spec["deletion", "timeout"]?.stringValue ?? "5m"]
        deletedAt = metadata["deletionTimestamp"]?.stringValue
        secret = spec["target", "apiKeySecretRef", "name"]?.stringValue
        phase = object["status", "phase"]?.stringValue ?? ""
        claims = Self.claims(of: object, on: nil)
    }

    /// Those that mutations write, and the defaults.
    private static let durations: [String: Duration] = [
        "0s": .zero, "10s": .seconds(10), "30s": .seconds(30), "2m": .seconds(120), "3m": .seconds(180),
        "5m": .seconds(300), "24h": .seconds(86_400),
    ]

    /// The claims on servers of these Services.
    func claims(on services: [String]) -> [Entry] { Self.claims(of: object, on: services) }

    private static func claims(of object: JSONValue, on services: [String]?) -> [Entry] {
        (object["status", "claims"]?.arrayValue ?? []).compactMap { claim in
            guard services?.contains(claim["service"]?.stringValue ?? "") ?? true else { return nil }
            return Entry(name: claim["name"]?.stringValue ?? "", root: claim["path"]?.stringValue ?? "")
        }
    }

    var servers: [JSONValue] { object["status", "servers"]?.arrayValue ?? [] }

    /// Whether a load without an answer is still looked up: it is sent again in time, and its status changes then.
    ///
    /// Where something else is there meanwhile, it may be held back until then.
    private var isLookingUp: Bool {
        servers.contains { $0["reason"]?.stringValue == "LoadTimedOut" && $0["root"] == nil }
    }

    /// Whether its status will still change by itself, `listed` being what all servers hold.
    ///
    /// A load is looked up, or a claim stands for one of an earlier name or path, and goes when the look-up ends.
    func isUnfinished(_ listed: Set<Entry>) -> Bool {
        isLookingUp || claims.contains { $0 != entry && !listed.contains($0) }
    }

    /// What its current spec asks for.
    var entry: Entry { Entry(name: loraName, root: path) }

    /// `True`, `False`, `Unknown`, or empty where there is no such condition.
    func condition(_ type: String) -> String {
        let conditions = object["status", "conditions"]?.arrayValue ?? []
        return conditions.first { $0["type"]?.stringValue == type }?["status"]?.stringValue ?? ""
    }

    /// Who keeps a name that both want: the older, then the smaller uid.
    func isOlder(than other: Adapter) -> Bool { (created, uid) < (other.created, other.uid) }
}

/// A name and a root, as a server lists it.
struct Entry: Hashable, Comparable, CustomStringConvertible {
    let name: String
    let root: String

    static func < (a: Entry, b: Entry) -> Bool { (a.name, a.root) < (b.name, b.root) }

    var description: String { "\(name) from \(root)" }
}

extension SimulatedPod {
    var entries: Set<Entry> { Set(adapters.map { Entry(name: $0.key, root: $0.value) }) }
}
