import DynamicJSON

/// What the built-in kinds do beyond their schemas: allocation, defaults that depend on other fields, validation.
enum KindRules {
    /// Before defaults: what the fields themselves ask for.
    static func prepare(_ object: inout JSONValue, _ kind: ResourceKind, before old: JSONValue?) {
        guard !kind.isCustom else { return }
        switch kind.plural {
        case "secrets":
            for (name, value) in object["stringData"]?.objectValue ?? [:] {
                object["data", name] = .string(base64(Array((value.stringValue ?? "").utf8)))
            }
            object["stringData"] = nil
        case "pods": setPullPolicies(&object)
        case "namespaces":
            if let name = object["metadata", "name"] {
                object["metadata", "labels", "kubernetes.io/metadata.name"] = name
            }
        case "services":
            guard let old else { return }
            for name in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] where object["spec", name] == nil {
                object["spec", name] = old["spec", name]
            }
        default: break
        }
    }

    private static func setPullPolicies(_ pod: inout JSONValue) {
        for list in ["containers", "initContainers"] {
            guard let containers = pod["spec", list]?.arrayValue else { continue }
            pod["spec", list] = .array(
                containers.map { container in
                    var container = container
                    if container.objectValue != nil, container["imagePullPolicy"] == nil {
                        let last = container["image"]?.stringValue?.split(separator: "/").last ?? ""
                        let isFixed = (last.contains(":") && !last.hasSuffix(":latest")) || last.contains("@")
                        container["imagePullPolicy"] = isFixed ? "IfNotPresent" : "Always"
                    }
                    return container
                })
        }
    }

    /// After ownership is settled: what the server itself adds on creation.
    static func admit(_ object: inout JSONValue, _ kind: ResourceKind, clusterIP: String) {
        guard !kind.isCustom else { return }
        switch kind.plural {
        case "namespaces": object["spec", "finalizers"] = ["kubernetes"]
        case "pods":
            func toleration(_ taint: String) -> JSONValue {
                [
                    "key": .string("node.kubernetes.io/\(taint)"), "operator": "Exists", "effect": "NoExecute",
                    "tolerationSeconds": 300,
                ]
            }
            if object["spec", "tolerations"] == nil {
                object["spec", "tolerations"] = [toleration("not-ready"), toleration("unreachable")]
            }
            if object["spec", "priority"] == nil { object["spec", "priority"] = 0 }
            if object["spec", "preemptionPolicy"] == nil { object["spec", "preemptionPolicy"] = "PreemptLowerPriority" }
        case "services":
            guard object["spec", "type"]?.stringValue != "ExternalName" else { return }
            if object["spec", "clusterIP"]?.stringValue ?? "" == "" { object["spec", "clusterIP"] = .string(clusterIP) }
            if object["spec", "clusterIPs"] == nil {
                object["spec", "clusterIPs"] = .array([object["spec", "clusterIP"] ?? ""])
            }
            if object["spec", "ipFamilies"] == nil { object["spec", "ipFamilies"] = ["IPv4"] }
            if object["spec", "ipFamilyPolicy"] == nil { object["spec", "ipFamilyPolicy"] = "SingleStack" }
        default: break
        }
    }

    static func causes(
        in object: JSONValue, _ kind: ResourceKind, before old: JSONValue?, _ configuration: KubeSimulator.Configuration
    ) -> [Cause] {
        guard !kind.isCustom else { return [] }
        switch kind.plural {
        case "endpointslices":
            var causes: [Cause] = []
            for (index, endpoint) in (object["endpoints"]?.arrayValue ?? []).enumerated() {
                for (position, address) in (endpoint["addresses"]?.arrayValue ?? []).enumerated() {
                    guard !configuration.allowsLoopbackEndpoints, isLoopback(address.stringValue ?? "") else {
                        continue
                    }
                    causes.append(
                        .invalid(
                            "endpoints[\(index)].addresses[\(position)]", address,
                            "may not be in the loopback range (127.0.0.0/8, ::1/128)"))
                }
            }
            if let old, old["addressType"] != object["addressType"] {
                causes.append(.invalid("addressType", object["addressType"] ?? .null, "field is immutable"))
            }
            return causes
        case "events": return eventCauses(object)
        case "services":
            let needsPorts =
                object["spec", "clusterIP"]?.stringValue != "None"
                && object["spec", "type"]?.stringValue != "ExternalName"
            return needsPorts && object["spec", "ports"]?.arrayValue ?? [] == [] ? [.required("spec.ports")] : []
        case "secrets":
            return (object["data"]?.objectValue ?? [:]).sorted { $0.key < $1.key }.compactMap { name, value in
                isBase64(value.stringValue ?? "") ? nil : .invalid("data[\(name)]", "<redacted>", "illegal base64 data")
            }
        default: return []
        }
    }

    /// Events with an `eventTime` follow the new rules; the old ones of core/v1 need next to nothing.
    private static func eventCauses(_ event: JSONValue) -> [Cause] {
        guard event["eventTime"]?.stringValue != nil else { return [] }
        var causes: [Cause] = []
        for name in ["reportingController", "reportingInstance", "action", "reason"]
        where event[name]?.stringValue ?? "" == "" { causes.append(.required(name)) }
        if !["Normal", "Warning"].contains(event["type"]?.stringValue ?? "") {
            causes.append(.invalid("type", event["type"] ?? "", "has invalid value"))
        }
        if (event["note"]?.stringValue ?? "").utf8.count > 1024 {
            causes.append(.invalid("message", "", "can have at most 1024 bytes"))
        }
        let regarding = event["regarding", "namespace"]?.stringValue ?? ""
        if !regarding.isEmpty, regarding != event["metadata", "namespace"]?.stringValue {
            causes.append(.invalid("involvedObject.namespace", .string(regarding), "does not match event.namespace"))
        }
        return causes
    }

    private static func isLoopback(_ address: String) -> Bool {
        let text = address.lowercased()
        return text.hasPrefix("127.") || text == "::1" || text.hasPrefix("::ffff:127.") || text == "0:0:0:0:0:0:0:1"
    }

    private static func isBase64(_ text: String) -> Bool {
        let body = text.utf8.filter { $0 != 0x0A && $0 != 0x0D }
        let digits = body.prefix { $0 != 0x3D }
        let isAlphabet = digits.allSatisfy {
            (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2B
                || $0 == 0x2F
        }
        return isAlphabet && body.count % 4 == 0 && body.count - digits.count <= 2
            && body.dropFirst(digits.count).allSatisfy { $0 == 0x3D }
    }
}
