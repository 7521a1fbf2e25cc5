import DynamicJSON

/// One step of a path in `managedFields`: `f:name`, `k:{"type":"Ready"}` or `v:"value"`.
enum PathElement: Hashable, Sendable, Comparable {
    case field(String)
    case key(JSONValue)
    case value(JSONValue)

    init?(_ text: String) {
        let rest = String(text.dropFirst(2))
        switch text.prefix(2) {
        case "f:": self = .field(rest)
        case "k:":
            guard let key = try? JSONParser.parse(Array(rest.utf8)) else { return nil }
            self = .key(key)
        case "v:":
            guard let value = try? JSONParser.parse(Array(rest.utf8)) else { return nil }
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
        for (name, value) in json.objectValue ?? [:] where name != "." {
            guard let element = PathElement(name) else { continue }
            var child = FieldSet(json: value)
            child.isMember = value["."] != nil || child.children.isEmpty
            children[element] = child
        }
    }

    init(isMember: Bool = false) { self.isMember = isMember }
}
