import DynamicJSON
import Effects

extension Exchange {
    var isLoad: Bool { request.method == .post && request.url == "/v1/load_lora_adapter" }
    var isUnload: Bool { request.method == .post && request.url == "/v1/unload_lora_adapter" }
    var isModels: Bool { request.method == .get && request.url == "/v1/models" }
    var isHealth: Bool { request.method == .get && request.url == "/health" }
    var isChangeOfServer: Bool { isLoad || isUnload }

    /// Namespace and name of the LoRAAdapter whose status is written.
    var statusTarget: (namespace: String, name: String)? {
        guard !request.method.isSafe else { return nil }
        let parts = segments
        guard parts.last == "status", let plural = parts.firstIndex(of: "loraadapters"),
            plural >= 1, parts.count == plural + 3
        else { return nil }
        return (String(parts[plural - 1]), String(parts[plural + 1]))
    }

    /// The LoRAAdapter that a request is about, or whose part it is about.
    var adapterName: String? {
        let parts = segments
        guard let plural = parts.firstIndex(of: "loraadapters"), plural + 1 < parts.count else { return nil }
        return String(parts[plural + 1])
    }

    /// The Secret that is asked for.
    var secret: String? {
        let parts = segments
        guard request.method == .get, parts.dropLast().last == "secrets" else { return nil }
        return parts.last.map { String($0) }
    }

    /// A patch that takes our finalizer from an object that has it.
    var removesFinalizer: Bool {
        guard request.method == .patch, adapterName != nil, statusTarget == nil else { return false }
        return json.arrayValue?.contains { operation in
            operation["op"]?.stringValue == "replace" && operation["path"]?.stringValue == "/metadata/finalizers"
        } ?? false
    }

    /// Leases are renewed at rest; everything else that is written then is noise.
    var isLease: Bool { segments.contains("leases") }

    var isEvent: Bool { segments.contains("events.k8s.io") }

    /// Repeats an event that is there.
    var isEventSeries: Bool { segments.dropLast().contains("events") }

    /// About a ServedModel.
    var isOfServedModels: Bool { segments.contains("servedmodels") }

    /// What a load asks for.
    var entry: Entry {
        Entry(name: json["lora_name"]?.stringValue ?? "", root: json["lora_path"]?.stringValue ?? "")
    }
}
