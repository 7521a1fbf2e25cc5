import DynamicJSON

/// One step of a path in `managedFields`: `f:name`, `k:{"type":"Ready"}` or `v:"value"`.
enum PathElement: Hashable, Sendable, Comparable {
    case field(String)
    case key(JSONValue)
    case value(JSONValue)

    init?(_ text: String) {
        // Byte by byte: each write reads what every manager owns.
        var rest = text.utf8[...]
        let kind = rest.popFirst()
        guard rest.popFirst() == UInt8(ascii: ":") else { return nil }
        switch kind {
        case UInt8(ascii: "f"): self = .field(String(Substring(rest)))
        case UInt8(ascii: "k"):
            guard let key = JSONValue(parsing: Array(rest)) else { return nil }
            self = .key(key)
        case UInt8(ascii: "v"):
            guard let value = JSONValue(parsing: Array(rest)) else { return nil }
            self = .value(value)
        default: return nil
        }
    }

    var text: String {
        switch self {
        case .field(let name): "f:\(name)"
        case .key(let key): "k:\(key.text)"
        case .value(let value): "v:\(value.text)"
        }
    }

    /// As messages show it: `.phase`, `[type="Ready"]`, `[="x"]`.
    var shown: String {
        switch self {
        case .field(let name): ".\(name)"
        case .key(let key):
            "["
                + (key.objectValue ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }
                .joined(separator: ",") + "]"
        case .value(let value): "[=\(value.text)]"
        }
    }

    static func < (left: PathElement, right: PathElement) -> Bool { left.text < right.text }
}

/// A set of paths, as a tree: what one field manager owns.
struct FieldSet: Hashable, Sendable {
    /// Whether the path that leads here is itself in the set.
    var isMember = false
    var children: [PathElement: FieldSet] = [:]

    var isEmpty: Bool { !isMember && children.isEmpty }

    mutating func insert(_ path: ArraySlice<PathElement>) {
        guard let first = path.first else {
            isMember = true
            return
        }
        children[first, default: FieldSet()].insert(path.dropFirst())
    }

    mutating func insert(_ path: [PathElement]) { insert(path[...]) }

    func union(_ other: FieldSet) -> FieldSet {
        var result = self
        result.isMember = isMember || other.isMember
        result.children.merge(other.children) { $0.union($1) }
        return result
    }

    /// The paths of this set that are not in `other`.
    func subtracting(_ other: FieldSet) -> FieldSet {
        var result = FieldSet(isMember: isMember && !other.isMember)
        for (element, child) in children {
            guard let removed = other.children[element] else {
                result.children[element] = child
                continue
            }
            let rest = child.subtracting(removed)
            if !rest.isEmpty { result.children[element] = rest }
        }
        return result
    }

    func intersection(_ other: FieldSet) -> FieldSet {
        var result = FieldSet(isMember: isMember && other.isMember)
        for (element, child) in children {
            guard let shared = other.children[element].map({ child.intersection($0) }), !shared.isEmpty else {
                continue
            }
            result.children[element] = shared
        }
        return result
    }

    /// All paths, sorted.
    var paths: [[PathElement]] {
        var result: [[PathElement]] = isMember ? [[]] : []
        for element in children.keys.sorted() {
            for path in children[element]?.paths ?? [] { result.append([element] + path) }
        }
        return result
    }

    /// Also counts named fields on the way to a member as members: who owns `status.phase` keeps `status` alive.
    func withNamedAncestors(_ schema: Schema?) -> FieldSet {
        var result = self
        for (element, child) in children {
            var next: Schema?
            var isNamed = false
            switch element {
            case .field(let name):
                next = schema?.member(name)
                isNamed = schema?.properties[name] != nil
            case .key, .value: next = schema?.items
            }
            var deeper = child.withNamedAncestors(next)
            if isNamed { deeper.isMember = true }
            result.children[element] = deeper
        }
        return result
    }

    /// `fieldsV1`: members are empty objects, or carry `.` where they also have children.
    var json: JSONValue {
        var members: [String: JSONValue] = [:]
        for (element, child) in children {
            var value = child.json
            if child.isMember, !child.children.isEmpty { value["."] = [:] }
            members[element.text] = value
        }
        return .object(members)
    }

    /// Reads `fieldsV1`; elements that are none are left out.
    init(json: JSONValue) {
        guard let members = json.objectValue, !members.isEmpty else { return }
        children.reserveCapacity(members.count)
        for (name, value) in members where name != "." {
            guard let element = PathElement(name) else { continue }
            var child = FieldSet(json: value)
            child.isMember = value["."] != nil || child.children.isEmpty
            children[element] = child
        }
    }

    init(isMember: Bool = false) { self.isMember = isMember }
}
