import DynamicJSON

/// `metadata.managedFields`: which field manager owns what, read from an object and written back.
struct ManagedFields {
    struct Manager: Hashable {
        var name: String
        var isApply: Bool
        var apiVersion: String
        var subresource: String
    }

    struct Entry {
        let fields: FieldSet
        /// ``fields`` as `fieldsV1`.
        let json: JSONValue
        let time: String

        init(fields: FieldSet, json: JSONValue? = nil, time: String) {
            self.fields = fields
            self.json = json ?? fields.json
            self.time = time
        }
    }

    private(set) var entries: [Manager: Entry] = [:]

    /// More managers that update are folded into one, as the real server does.
    private static let updateLimit = 10

    /// What `object` says; with `isOurs` it was written by ``json``, and need not be written anew.
    init(of object: JSONValue, isOurs: Bool = true) {
        for entry in object["metadata", "managedFields"]?.arrayValue ?? [] {
            let manager = Manager(
                name: entry["manager"]?.stringValue ?? "", isApply: entry["operation"]?.stringValue == "Apply",
                apiVersion: entry["apiVersion"]?.stringValue ?? "", subresource: entry["subresource"]?.stringValue ?? ""
            )
            let json = entry["fieldsV1"] ?? [:]
            entries[manager] = Entry(
                fields: FieldSet(json: json), json: isOurs ? json : nil, time: entry["time"]?.stringValue ?? "")
        }
    }

    /// Takes over what an update changed, and takes it away from everybody else.
    mutating func update(
        _ manager: Manager, _ change: TypedValue.Difference, ignoring ignored: FieldSet, at time: String
    ) {
        let before = entries[manager]?.fields ?? FieldSet()
        let changed = change.modified.union(change.added)
        for other in entries.keys where other != manager { take(changed.union(change.removed), from: other) }
        set(before.subtracting(change.removed).union(changed).subtractingTrees(ignored), of: manager, at: time)
    }

    /// Whose fields a change would touch, other than `manager`'s, sorted by manager.
    func conflicts(with manager: Manager, _ change: TypedValue.Difference) -> [(Manager, FieldSet)] {
        let changed = change.modified.union(change.added)
        return entries.compactMap { other, entry in
            let shared = other == manager ? FieldSet() : entry.fields.intersection(changed)
            return shared.isEmpty ? nil : (other, shared)
        }
        .sorted { ($0.0.name, $0.0.subresource, $0.0.apiVersion) < ($1.0.name, $1.0.subresource, $1.0.apiVersion) }
    }

    mutating func take(_ fields: FieldSet, from manager: Manager) {
        guard let entry = entries[manager] else { return }
        let rest = entry.fields.subtracting(fields)
        if rest == entry.fields { return }
        entries[manager] = rest.isEmpty ? nil : Entry(fields: rest, time: entry.time)
    }

    mutating func set(_ fields: FieldSet, of manager: Manager, at time: String) {
        if fields.isEmpty {
            entries[manager] = nil
        } else if entries[manager]?.fields != fields {
            entries[manager] = Entry(fields: fields, time: time)
        }
    }

    /// Everything that any manager owns.
    var owned: FieldSet { entries.values.reduce(FieldSet()) { $0.union($1.fields) } }

    var json: JSONValue? {
        var entries = entries
        let updates = entries.keys.filter { !$0.isApply && $0.subresource.isEmpty }
        if updates.count > Self.updateLimit {
            let oldest = updates.sorted { (entries[$0]?.time ?? "", $0.name) < (entries[$1]?.time ?? "", $1.name) }
            for manager in oldest.prefix(updates.count - Self.updateLimit + 1) {
                guard let entry = entries.removeValue(forKey: manager) else { continue }
                let bucket = Manager(
                    name: "ancient-changes", isApply: false, apiVersion: manager.apiVersion, subresource: "")
                let fields = (entries[bucket]?.fields ?? FieldSet()).union(entry.fields)
                entries[bucket] = Entry(fields: fields, time: entry.time)
            }
        }
        let sorted = entries.sorted { left, right in
            func order(_ item: (key: Manager, value: Entry)) -> (Int, String, String, String, String) {
                (item.key.isApply ? 0 : 1, item.value.time, item.key.name, item.key.apiVersion, item.key.subresource)
            }
            return order(left) < order(right)
        }
        guard !sorted.isEmpty else { return nil }
        return .array(
            sorted.map { manager, entry in
                var value: JSONValue = [
                    "manager": .string(manager.name), "operation": manager.isApply ? "Apply" : "Update",
                    "apiVersion": .string(manager.apiVersion), "time": .string(entry.time), "fieldsType": "FieldsV1",
                    "fieldsV1": entry.json,
                ]
                if !manager.subresource.isEmpty { value["subresource"] = .string(manager.subresource) }
                return value
            })
    }
}

extension FieldSet {
    /// Without the members of `other` and everything below them.
    func subtractingTrees(_ other: FieldSet) -> FieldSet {
        if other.isMember { return FieldSet() }
        var result = self
        for (element, child) in other.children {
            guard let rest = result.children[element]?.subtractingTrees(child) else { continue }
            result.children[element] = rest.isEmpty ? nil : rest
        }
        return result
    }
}
