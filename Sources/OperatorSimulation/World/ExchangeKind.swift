import DynamicJSON
import Effects

extension Exchange {
    var isLoad: Bool { request.method == .post && request.url == "/v1/load_lora_adapter" }
    var isUnload: Bool { request.method == .post && request.url == "/v1/unload_lora_adapter" }
    var isModels: Bool { request.method == .get && request.url == "/v1/models" }
    var isHealth: Bool { request.method == .get && request.url == "/health" }
    var isChangeOfServer: Bool { isLoad || isUnload }

    private var path: Substring { request.url.prefix { $0 != "?" } }

    /// Namespace and name of the LoRAAdapter whose status is written.
    var statusTarget: (namespace: String, name: String)? {
        guard !request.method.isSafe else { return nil }
        let parts = path.split(separator: "/")
        guard parts.last == "status", let plural = parts.firstIndex(of: "loraadapters"),
            plural >= 1, parts.count == plural + 3
        else { return nil }
        return (String(parts[plural - 1]), String(parts[plural + 1]))
    }

    /// Leases are renewed at rest; everything else that is written then is noise.
    var isLease: Bool { path.contains("/leases") }

    var isEvent: Bool { path.contains("/events.k8s.io/") }

    /// Repeats an event that is there.
    var isEventSeries: Bool { path.contains("/events/") }

    /// What a load asks for.
    var entry: Entry {
        Entry(name: json["lora_name"]?.stringValue ?? "", root: json["lora_path"]?.stringValue ?? "")
    }

    /// The body as JSON, null where it is none.
    var json: JSONValue { request.body.flatMap { JSONValue(parsing: $0) } ?? .null }
}
