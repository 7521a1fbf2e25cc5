import DynamicJSON

/// A LoRAAdapter as the API server stores it, read the simplest way there is: this is the oracle, not the operator.
struct Adapter {
    let object: JSONValue

    var name: String { object["metadata", "name"]?.stringValue ?? "" }
    var uid: String { object["metadata", "uid"]?.stringValue ?? "" }
    var generation: Int64 { object["metadata", "generation"]?.intValue ?? 0 }
    var created: String { object["metadata", "creationTimestamp"]?.stringValue ?? "" }
    var isTerminating: Bool { object["metadata", "deletionTimestamp"]?.stringValue != nil }
    var hasFinalizer: Bool {
        object["metadata", "finalizers"]?.arrayValue?.contains("lora-operator.dev/unload") ?? false
    }

    var loraName: String { object["spec", "loraName"]?.stringValue ?? name }
    var path: String { object["spec", "loraPath"]?.stringValue ?? "" }
    var base: String? { object["spec", "baseModelName"]?.stringValue }
    var service: String { object["spec", "target", "service", "name"]?.stringValue ?? "" }
    var maxUnavailable: Int { Int(object["spec", "update", "maxUnavailable"]?.intValue ?? 1) }
    var replicas: Int? { object["spec", "placement", "replicas"]?.intValue.map { Int($0) } }
    var isSuspended: Bool { object["spec", "suspend"]?.boolValue ?? false }
    var overwrites: Bool { object["spec", "conflictPolicy"]?.stringValue == "Overwrite" }
    var isOrphaning: Bool { object["spec", "deletion", "policy"]?.stringValue == "Orphan" }

    var phase: String { object["status", "phase"]?.stringValue ?? "" }
    var claims: [Entry] { claims(on: nil) }

    /// The claims on servers of these Services.
    func claims(on services: [String]?) -> [Entry] {
        (object["status", "claims"]?.arrayValue ?? []).compactMap { claim in
            guard services?.contains(claim["service"]?.stringValue ?? "") ?? true else { return nil }
            return Entry(name: claim["name"]?.stringValue ?? "", root: claim["path"]?.stringValue ?? "")
        }
    }
    var servers: [JSONValue] { object["status", "servers"]?.arrayValue ?? [] }

    /// Whether a load without an answer is still looked up: it is sent again in time, and its status changes then.
    private var isLookingUp: Bool { servers.contains { $0["reason"]?.stringValue == "LoadTimedOut" } }

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
