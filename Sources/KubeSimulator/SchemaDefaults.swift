import DynamicJSON

extension Schema {
    /// Removes nulls where they mean nothing and fills in defaults.
    func applyDefaults(to value: inout JSONValue) {
        switch value {
        case .object(var members):
            value = .null
            for (name, schema) in properties {
                if members[name]?.isNull == true, !schema.isNullable { members[name] = nil }
                if members[name] == nil, let defaultValue = schema.defaultValue { members[name] = defaultValue }
                if members[name] != nil { schema.applyDefaults(to: &members[name, default: .null]) }
            }
            if let additionalProperties {
                for name in members.keys where properties[name] == nil {
                    additionalProperties.applyDefaults(to: &members[name, default: .null])
                }
            }
            value = .object(members)
        case .array(var elements):
            guard let items else { return }
            value = .null
            for index in elements.indices { items.applyDefaults(to: &elements[index]) }
            value = .array(elements)
        default: break
        }
    }

    /// Removes members that the schema does not know and adds their paths to `unknown`.
    func prune(_ value: inout JSONValue, at path: String = "", unknown: inout [String]) {
        switch value {
        case .object(var members):
            guard kind == .object else { return }
            value = .null
            for name in members.keys.sorted() {
                if let schema = member(name) {
                    schema.prune(&members[name, default: .null], at: Self.join(path, name), unknown: &unknown)
                } else if !preservesUnknownFields {
                    unknown.append(Self.join(path, name))
                    members[name] = nil
                }
            }
            value = .object(members)
        case .array(var elements):
            guard let items else { return }
            value = .null
            for index in elements.indices { items.prune(&elements[index], at: "\(path)[\(index)]", unknown: &unknown) }
            value = .array(elements)
        default: break
        }
    }
}
