import DynamicJSON

extension Schema {
    /// Removes nulls where they mean nothing and fills in defaults.
    func applyDefaults(to value: inout JSONValue) {
        if let completed = completed(value) { value = completed }
    }

    /// nil where nothing is missing, as in most writes: then the parts of an object stay shared with its last version,
    /// which costs nothing to compare.
    private func completed(_ value: JSONValue) -> JSONValue? {
        switch value {
        case .object(var members):
            var isChanged = false
            for (name, member) in members where member.isNull && properties[name]?.isNullable == false {
                members[name] = nil
                isChanged = true
            }
            for (name, defaultValue) in defaults where members[name] == nil {
                members[name] = defaultValue
                isChanged = true
            }
            func complete(_ name: String, _ schema: Schema) {
                guard let completed = members[name].flatMap(schema.completed) else { return }
                members[name] = completed
                isChanged = true
            }
            for (name, schema) in branches { complete(name, schema) }
            if let additionalProperties, additionalProperties.isBranch {
                for name in Array(members.keys) where properties[name] == nil { complete(name, additionalProperties) }
            }
            return isChanged ? .object(members) : nil
        case .array(let elements):
            guard let items, items.isBranch else { return nil }
            let completed = elements.map { items.completed($0) }
            guard completed.contains(where: { $0 != nil }) else { return nil }
            return .array(zip(elements, completed).map { $1 ?? $0 })
        default: return nil
        }
    }

    /// Removes members that the schema does not know and adds their paths to `unknown`.
    func prune(_ value: inout JSONValue, unknown: inout [String]) {
        // Nearly always: neither a copy nor an order is needed then.
        if !knows(value) { prune(&value, at: "", unknown: &unknown) }
    }

    private func knows(_ value: JSONValue) -> Bool {
        switch value {
        case .object(let members):
            kind != .object
                || members.allSatisfy { name, value in member(name)?.knows(value) ?? preservesUnknownFields }
        case .array(let elements): items.map { elements.allSatisfy($0.knows) } ?? true
        default: true
        }
    }

    private func prune(_ value: inout JSONValue, at path: @autoclosure () -> String, unknown: inout [String]) {
        switch value {
        case .object(var members):
            guard kind == .object else { return }
            value = .null
            for name in members.keys.sorted() {
                if let schema = member(name) {
                    schema.prune(&members[name, default: .null], at: Self.join(path(), name), unknown: &unknown)
                } else if !preservesUnknownFields {
                    unknown.append(Self.join(path(), name))
                    members[name] = nil
                }
            }
            value = .object(members)
        case .array(var elements):
            guard let items, items.isBranch || items.kind == .object else { return }
            value = .null
            for index in elements.indices {
                items.prune(&elements[index], at: "\(path())[\(index)]", unknown: &unknown)
            }
            value = .array(elements)
        default: break
        }
    }
}
