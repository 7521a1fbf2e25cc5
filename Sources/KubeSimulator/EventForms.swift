import DynamicJSON

/// The two forms of an Event: events.k8s.io/v1, which is stored, and core/v1, which `kubectl describe` reads.
enum EventForms {
    private static let names = [
        ("regarding", "involvedObject"), ("note", "message"), ("deprecatedSource", "source"),
        ("deprecatedFirstTimestamp", "firstTimestamp"), ("deprecatedLastTimestamp", "lastTimestamp"),
        ("deprecatedCount", "count"), ("reportingController", "reportingComponent"),
    ]

    static func core(_ event: JSONValue) -> JSONValue {
        var result = event
        for (stored, core) in names {
            result[core] = result[stored]
            result[stored] = nil
        }
        result["apiVersion"] = "v1"
        if result["reportingComponent"] == nil { result["reportingComponent"] = "" }
        if result["reportingInstance"] == nil { result["reportingInstance"] = "" }
        return result
    }

    static func stored(_ event: JSONValue) -> JSONValue {
        var result = event
        for (stored, core) in names {
            result[stored] = result[core]
            result[core] = nil
        }
        result["apiVersion"] = "events.k8s.io/v1"
        for name in ["reportingController", "reportingInstance"] where result[name] == "" { result[name] = nil }
        return result
    }
}
