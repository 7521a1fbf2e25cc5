import DynamicJSON

/// `as=Table`: what `kubectl get` prints.
struct Table {
    let kind: ResourceKind
    /// Seconds since 1970, for the ages.
    let now: Double
    /// `None`, `Metadata` or `Object`: what each row carries.
    let includeObject: String?

    func json(_ objects: [StoredObject], metadata: JSONValue, withColumns: Bool = true) -> JSONValue {
        let columns = kind.columns.map { column -> JSONValue in
            [
                "name": .string(column.name), "type": .string(column.type),
                "format": column.name == "Name" ? "name" : "", "description": .string(column.description),
                "priority": .int(column.priority),
            ]
        }
        return [
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "columnDefinitions": withColumns ? .array(columns) : .null, "rows": .array(objects.map(row)),
        ]
    }

    private func row(_ object: StoredObject) -> JSONValue {
        let value = kind.isCoreEvent ? object.view(.coreEvent) : object.value
        var row: JSONValue = ["cells": .array(kind.columns.map { cell($0, value) })]
        switch includeObject {
        case "None": break
        case "Object": row["object"] = value
        default: row["object"] = object.view(.metadata)
        }
        return row
    }

    private func cell(_ column: ResourceKind.Column, _ object: JSONValue) -> JSONValue {
        guard let path = column.path else { return .string(BuiltInColumns.cell(column.name, kind, object, now: now)) }
        guard let value = path.values(in: object).first, !value.isNull else {
            return kind.isCustom ? .null : "<none>"
        }
        if column.type == "date" || column.name == "Age" {
            guard let text = value.stringValue, let time = CivilTime.unixTime(text) else { return "<unknown>" }
            return .string(humanDuration(seconds: now - time))
        }
        switch column.type {
        case "integer": return value.intValue.map(JSONValue.int) ?? .null
        case "number": return value.doubleValue.map(JSONValue.double) ?? .null
        case "boolean": return value.boolValue.map(JSONValue.bool) ?? .null
        default: return .string(value.stringValue ?? value.text)
        }
    }
}

/// Cells of built-in kinds that are more than one field.
enum BuiltInColumns {
    static func cell(_ column: String, _ kind: ResourceKind, _ object: JSONValue, now: Double) -> String {
        let statuses = object["status", "containerStatuses"]?.arrayValue ?? []
        let ports = object["spec", "ports"]?.arrayValue ?? []
        switch (kind.plural, column) {
        case ("pods", "Ready"):
            let ready = statuses.count { $0["ready"]?.boolValue == true }
            return "\(ready)/\(object["spec", "containers"]?.arrayValue?.count ?? 0)"
        case ("pods", "Status"):
            if object["metadata", "deletionTimestamp"] != nil { return "Terminating" }
            let waiting = statuses.compactMap { $0["state", "waiting", "reason"]?.stringValue }.first
            return waiting ?? object["status", "reason"]?.stringValue ?? object["status", "phase"]?.stringValue ?? ""
        case ("pods", "Restarts"):
            let counts = statuses.compactMap { $0["restartCount"]?.intValue }
            let restarts = counts.reduce(Int64(0)) { $0.addingReportingOverflow($1).partialValue }
            return String(restarts)
        case ("services", "Cluster-IP"): return object["spec", "clusterIP"]?.stringValue ?? "<none>"
        case ("services", "External-IP"): return object["spec", "externalName"]?.stringValue ?? "<none>"
        case ("services", "Port(s)"):
            let shown = ports.map { port in
                let node = port["nodePort"]?.intValue.map { ":\($0)" } ?? ""
                return "\(port["port"]?.text ?? "")\(node)/\(port["protocol"]?.stringValue ?? "TCP")"
            }
            return shown.isEmpty ? "<none>" : shown.joined(separator: ",")
        case ("services", "Selector"):
            let pairs = (object["spec", "selector"]?.objectValue ?? [:]).sorted { $0.key < $1.key }
            return pairs.isEmpty
                ? "<none>" : pairs.map { "\($0.key)=\($0.value.stringValue ?? "")" }.joined(separator: ",")
        case ("secrets", "Data"): return String(object["data"]?.objectValue?.count ?? 0)
        case ("endpointslices", "Ports"):
            let shown = (object["ports"]?.arrayValue ?? []).compactMap { $0["port"]?.text }
            return shown.isEmpty ? "<unset>" : shown.joined(separator: ",")
        case ("endpointslices", "Endpoints"):
            let addresses = (object["endpoints"]?.arrayValue ?? []).flatMap { $0["addresses"]?.arrayValue ?? [] }
            let shown = addresses.prefix(3).compactMap(\.stringValue).joined(separator: ",")
            return addresses.isEmpty
                ? "<unset>" : addresses.count > 3 ? "\(shown) + \(addresses.count - 3) more..." : shown
        case ("events", "Object"):
            let reference = object["involvedObject"] ?? object["regarding"]
            return "\(reference?["kind"]?.stringValue?.lowercased() ?? "")/\(reference?["name"]?.stringValue ?? "")"
        case ("events", "Last Seen"):
            let candidates = [
                object["series", "lastObservedTime"], object["lastTimestamp"], object["deprecatedLastTimestamp"],
                object["eventTime"], object["metadata", "creationTimestamp"],
            ]
            let seen = candidates.compactMap { $0?.stringValue }.first
            return seen.flatMap(CivilTime.unixTime).map { humanDuration(seconds: now - $0) } ?? "<unknown>"
        default: return "<none>"
        }
    }
}
