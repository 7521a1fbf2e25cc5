import DynamicJSON

/// Compares and merges objects field by field, the way server-side apply sees them (structured-merge-diff).
enum TypedValue {
    struct Difference {
        var added = FieldSet()
        var modified = FieldSet()
        var removed = FieldSet()

        /// Adds what differs below a member or an element.
        fileprivate mutating func add(_ other: Difference, below element: PathElement) {
            if !other.added.isEmpty { added.children[element] = other.added }
            if !other.modified.isEmpty { modified.children[element] = other.modified }
            if !other.removed.isEmpty { removed.children[element] = other.removed }
        }
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
    static func fieldSet(
        of value: JSONValue, _ schema: Schema?, at path: @autoclosure () -> String = ""
    ) throws -> FieldSet {
        switch value {
        case .object(let members) where !members.isEmpty && schema?.isAtomicMap != true:
            var set = FieldSet()
            for (name, member) in members {
                set.children[.field(name)] = try fieldSet(of: member, schema?.member(name), at: "\(path()).\(name)")
            }
            return set
        case .array(let list) where !list.isEmpty:
            guard case .associative(let pairs) = elements(list, schema) else { return FieldSet(isMember: true) }
            var set = FieldSet()
            for (element, member) in pairs {
                guard set.children[element] == nil else {
                    throw StatusError(500, "", "\(path()): duplicate entries for key \(element.shown)")
                }
                var child = try fieldSet(of: member, schema?.items, at: path() + element.shown)
                child.isMember = true
                set.children[element] = child
            }
            return set
        default: return FieldSet(isMember: true)
        }
    }

    static func compare(_ old: JSONValue?, _ new: JSONValue?, _ schema: Schema?) -> Difference {
        var difference = Difference()
        if old == new { return difference }
        var isLeaf = true
        switch (old, new) {
        case (.object(let before)?, .object(let after)?): isLeaf = compare(before, after, schema, &difference)
        case (.object(let before)?, nil): isLeaf = compare(before, [:], schema, &difference)
        case (nil, .object(let after)?), (.null?, .object(let after)?):
            isLeaf = compare([:], after, schema, &difference)
        case (.array(let before)?, .array(let after)?): isLeaf = compare(before, after, schema, &difference)
        case (.array(let before)?, nil): isLeaf = compare(before, [], schema, &difference)
        case (nil, .array(let after)?), (.null?, .array(let after)?):
            isLeaf = compare([], after, schema, &difference)
        default: break
        }
        if old == nil {
            difference.added.isMember = true
        } else if new == nil {
            difference.removed.isMember = true
        } else if isLeaf {
            difference.modified.isMember = true
        }
        return difference
    }

    /// False where the members were compared one by one.
    private static func compare(
        _ old: [String: JSONValue], _ new: [String: JSONValue], _ schema: Schema?, _ difference: inout Difference
    ) -> Bool {
        if schema?.isAtomicMap == true || (old.isEmpty && new.isEmpty) { return true }
        for (name, before) in old {
            difference.add(compare(before, new[name], schema?.member(name)), below: .field(name))
        }
        for (name, after) in new where old[name] == nil {
            difference.add(compare(nil, after, schema?.member(name)), below: .field(name))
        }
        return false
    }

    private static func compare(
        _ old: [JSONValue], _ new: [JSONValue], _ schema: Schema?, _ difference: inout Difference
    ) -> Bool {
        if old.isEmpty && new.isEmpty { return true }
        guard case .associative(let before) = elements(old, schema),
            case .associative(let after) = elements(new, schema)
        else { return true }
        let olds = Dictionary(before) { first, _ in first }
        let news = Dictionary(after) { first, _ in first }
        for (element, before) in olds {
            difference.add(compare(before, news[element], schema?.items), below: element)
        }
        for (element, after) in news where olds[element] == nil {
            difference.add(compare(nil, after, schema?.items), below: element)
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
