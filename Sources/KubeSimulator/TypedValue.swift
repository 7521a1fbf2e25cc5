import DynamicJSON

/// Compares and merges objects field by field, the way server-side apply sees them (structured-merge-diff).
enum TypedValue {
    struct Difference {
        var added = FieldSet()
        var modified = FieldSet()
        var removed = FieldSet()
    }

    /// A list whose elements have identities, with them.
    private enum Elements {
        case atomic
        case associative([(PathElement, JSONValue)])
    }

    private static func elements(_ list: [JSONValue], _ schema: Schema?) -> Elements {
        switch schema?.listType ?? .atomic {
        case .atomic: return .atomic
        case .set: return .associative(list.map { (.value($0), $0) })
        case .map:
            var pairs: [(PathElement, JSONValue)] = []
            for element in list {
                guard let key = schema?.listMapKey(of: element) else { return .atomic }
                pairs.append((.key(key), element))
            }
            return .associative(pairs)
        }
    }

    /// The fields of an applied configuration: leaves, and each list element.
    ///
    /// - Throws: ``StatusError`` 500 where a list map has two entries of one key, as the real server (fixture 046e).
    static func fieldSet(of value: JSONValue, _ schema: Schema?, at path: String = "") throws -> FieldSet {
        switch value {
        case .object(let members) where !members.isEmpty && schema?.isAtomicMap != true:
            var set = FieldSet()
            for (name, member) in members {
                set.children[.field(name)] = try fieldSet(of: member, schema?.member(name), at: "\(path).\(name)")
            }
            return set
        case .array(let list) where !list.isEmpty:
            guard case .associative(let pairs) = elements(list, schema) else { return FieldSet(isMember: true) }
            var set = FieldSet()
            for (element, member) in pairs {
                guard set.children[element] == nil else {
                    throw StatusError(500, "", "\(path): duplicate entries for key \(element.shown)")
                }
                var child = try fieldSet(of: member, schema?.items, at: path + element.shown)
                child.isMember = true
                set.children[element] = child
            }
            return set
        default: return FieldSet(isMember: true)
        }
    }

    static func compare(_ old: JSONValue?, _ new: JSONValue?, _ schema: Schema?) -> Difference {
        var difference = Difference()
        compare(old, new, schema, path: [], into: &difference)
        return difference
    }

    private static func compare(
        _ old: JSONValue?, _ new: JSONValue?, _ schema: Schema?, path: [PathElement], into difference: inout Difference
    ) {
        if old == new { return }
        var isLeaf = true
        switch (old, new) {
        case (.object(let before)?, .object(let after)?): isLeaf = compare(before, after, schema, path, &difference)
        case (.object(let before)?, nil): isLeaf = compare(before, [:], schema, path, &difference)
        case (nil, .object(let after)?), (.null?, .object(let after)?):
            isLeaf = compare([:], after, schema, path, &difference)
        case (.array(let before)?, .array(let after)?): isLeaf = compare(before, after, schema, path, &difference)
        case (.array(let before)?, nil): isLeaf = compare(before, [], schema, path, &difference)
        case (nil, .array(let after)?), (.null?, .array(let after)?):
            isLeaf = compare([], after, schema, path, &difference)
        default: break
        }
        if old == nil {
            difference.added.insert(path)
        } else if new == nil {
            difference.removed.insert(path)
        } else if isLeaf {
            difference.modified.insert(path)
        }
    }

    /// False where the members were compared one by one.
    private static func compare(
        _ old: [String: JSONValue], _ new: [String: JSONValue], _ schema: Schema?, _ path: [PathElement],
        _ difference: inout Difference
    ) -> Bool {
        if schema?.isAtomicMap == true || (old.isEmpty && new.isEmpty) { return true }
        for name in Set(old.keys).union(new.keys) {
            compare(old[name], new[name], schema?.member(name), path: path + [.field(name)], into: &difference)
        }
        return false
    }

    private static func compare(
        _ old: [JSONValue], _ new: [JSONValue], _ schema: Schema?, _ path: [PathElement], _ difference: inout Difference
    ) -> Bool {
        if old.isEmpty && new.isEmpty { return true }
        guard case .associative(let before) = elements(old, schema),
            case .associative(let after) = elements(new, schema)
        else { return true }
        let olds = Dictionary(before) { first, _ in first }
        let news = Dictionary(after) { first, _ in first }
        for element in Set(olds.keys).union(news.keys) {
            compare(olds[element], news[element], schema?.items, path: path + [element], into: &difference)
        }
        return false
    }

    /// `live` with everything that `applied` says; list maps are merged by key, other lists replaced.
    static func merge(_ live: JSONValue?, _ applied: JSONValue, _ schema: Schema?) -> JSONValue {
        switch (live, applied) {
        case (.object(var members)?, .object(let applied)) where schema?.isAtomicMap != true:
            for (name, value) in applied { members[name] = merge(members[name], value, schema?.member(name)) }
            return .object(members)
        case (.array(let list)?, .array(let applied)):
            guard case .associative(let before) = elements(list, schema),
                case .associative(let after) = elements(applied, schema)
            else { return .array(applied) }
            return .array(merge(before, after, items: schema?.items))
        default: return applied
        }
    }

    /// `value` without the fields and elements in `set`.
    static func removing(_ set: FieldSet, from value: JSONValue, _ schema: Schema?) -> JSONValue {
        switch value {
        case .object(var members):
            for (element, child) in set.children {
                guard case .field(let name) = element, let member = members[name] else { continue }
                members[name] = child.isMember ? nil : removing(child, from: member, schema?.member(name))
            }
            return .object(members)
        case .array(let list):
            guard case .associative(let pairs) = elements(list, schema) else { return value }
            return .array(
                pairs.compactMap { element, member -> JSONValue? in
                    guard let child = set.children[element] else { return member }
                    return child.isMember ? Optional.none : removing(child, from: member, schema?.items)
                })
        default: return value
        }
    }
}
