import DynamicJSON

extension Schema {
    /// Removes nulls where they mean nothing and fills in defaults.
    func applyDefaults(to value: inout JSONValue) {
        switch value {
        case .object(var members):
            value = .null
            for (name, member) in members where member.isNull && properties[name]?.isNullable == false {
                members[name] = nil
            }
            for (name, defaultValue) in defaults where members[name] == nil { members[name] = defaultValue }
            for (name, schema) in branches where members[name] != nil {
                schema.applyDefaults(to: &members[name, default: .null])
            }
            if let additionalProperties, additionalProperties.isBranch {
                for name in Array(members.keys) where properties[name] == nil {
                    additionalProperties.applyDefaults(to: &members[name, default: .null])
                }
            }
            value = .object(members)
        case .array(var elements):
            guard let items, items.isBranch else { return }
            value = .null
            for index in elements.indices { items.applyDefaults(to: &elements[index]) }
            value = .array(elements)
        default: break
        }
    }

    /// Removes members that the schema does not know and adds their paths to `unknown`.
    func prune(_ value: inout JSONValue, at path: @autoclosure () -> String = "", unknown: inout [String]) {
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
