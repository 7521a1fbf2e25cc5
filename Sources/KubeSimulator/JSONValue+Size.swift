import DynamicJSON

extension JSONValue {
    /// How deep lists and objects are nested.
    var depth: Int {
        switch self {
        case .array(let elements): 1 + (elements.map(\.depth).max() ?? 0)
        case .object(let members): 1 + (members.values.map(\.depth).max() ?? 0)
        default: 0
        }
    }

    /// Roughly the bytes this takes in memory, for the limit of the watch history.
    var weight: Int {
        switch self {
        case .null, .bool, .int, .double: 16
        case .string(let value): 16 + value.utf8.count
        case .array(let elements): elements.reduce(32) { $0 + $1.weight }
        case .object(let members): members.reduce(32) { $0 + 32 + $1.key.utf8.count + $1.value.weight }
        }
    }
}
