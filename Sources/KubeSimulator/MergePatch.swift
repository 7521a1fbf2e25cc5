import DynamicJSON

/// RFC 7386, and Kubernetes' strategic merge patch, which also merges keyed lists.
enum MergePatch {
    static func apply(_ patch: JSONValue, to target: JSONValue?) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members = target?.objectValue ?? [:]
        for (name, change) in changes {
            members[name] = change.isNull ? nil : apply(change, to: members[name])
        }
        return .object(members)
    }

    /// Lists with a merge key in `schema` are merged by it; `$patch`, `$retainKeys` and `$deleteFromPrimitiveList` are
    /// obeyed, orders are not.
    static func applyStrategic(_ patch: JSONValue, to target: JSONValue?, _ schema: Schema?) -> JSONValue {
        switch patch {
        case .object(var changes):
            let directive = changes.removeValue(forKey: "$patch")?.stringValue
            if directive == "delete" { return [:] }
            let retained = changes.removeValue(forKey: "$retainKeys")?.arrayValue?.compactMap(\.stringValue)
            var members = directive == "replace" ? [:] : target?.objectValue ?? [:]
            if let retained { members = members.filter { retained.contains($0.key) } }
            for (name, change) in changes {
                if name.hasPrefix("$setElementOrder/") { continue }
                if name.hasPrefix("$deleteFromPrimitiveList/") {
                    let list = String(name.dropFirst("$deleteFromPrimitiveList/".count))
                    let removed = change.arrayValue ?? []
                    members[list] = members[list]?.arrayValue.map { .array($0.filter { !removed.contains($0) }) }
                    continue
                }
                members[name] = change.isNull ? nil : applyStrategic(change, to: members[name], schema?.member(name))
            }
            return .object(members)
        case .array(let changes):
            guard let present = target?.arrayValue else { return .array(changes.filter { $0["$patch"] == nil }) }
            if schema?.listType == .set { return .array(present + changes.filter { !present.contains($0) }) }
            guard let key = schema?.patchMergeKey else { return patch }
            if changes.contains(where: { $0["$patch"]?.stringValue == "replace" }) {
                return .array(changes.filter { $0["$patch"] == nil })
            }
            var result = present
            for change in changes {
                let position = result.firstIndex { $0[key] == change[key] }
                if change["$patch"]?.stringValue == "delete" {
                    if let position { result.remove(at: position) }
                } else if let position {
                    result[position] = applyStrategic(change, to: result[position], schema?.items)
                } else {
                    result.append(change)
                }
            }
            return .array(result)
        default: return patch
        }
    }
}
