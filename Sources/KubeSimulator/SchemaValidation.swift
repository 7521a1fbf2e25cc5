import DynamicJSON

extension Schema {
    /// What is wrong with `value`: schema faults, then CEL rules unless a fault makes them pointless, as the API server
    /// orders them.
    func causes(in value: JSONValue, before old: JSONValue?, at path: String = "") -> [Cause] {
        var causes: [Cause] = []
        validate(value, before: old, at: path, into: &causes)
        let blocking: Set<Cause.Reason> = [.required, .typeInvalid, .notSupported, .tooLong, .tooMany]
        guard !causes.contains(where: { blocking.contains($0.reason) }) else {
            let skipped =
                "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
            if hasRules { causes.append(.invalid("<nil>", .null, skipped)) }
            return causes
        }
        checkRules(value, before: old, at: path, into: &causes)
        return causes
    }

    static func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    private func validate(
        _ value: JSONValue, before old: JSONValue?, at path: @autoclosure () -> String, into causes: inout [Cause]
    ) {
        // What is stored was found to be right, as the real server's ratcheting has it.
        if value == old { return }
        if value.isNull, isNullable || (kind == nil && !isIntOrString) { return }
        guard hasFittingType(value) else {
            let type = isIntOrString ? "integer,string" : kind?.rawValue ?? "any"
            let found = Self.typeName(value)
            causes.append(
                Cause(
                    .typeInvalid, path(),
                    "Invalid value: \"\(found)\": \(path()) in body must be of type \(type): \"\(found)\""))
            return
        }
        if let enumeration, !enumeration.contains(value) {
            let supported = enumeration.map(\.text).joined(separator: ", ")
            causes.append(
                Cause(.notSupported, path(), "Unsupported value: \(value.text): supported values: \(supported)"))
        }
        switch value {
        case .string(let text): validate(text, value, at: path(), into: &causes)
        case .int, .double: validateNumber(value, at: path(), into: &causes)
        case .array(let elements): validate(elements, value, before: old, at: path(), into: &causes)
        case .object(let members): validate(members, before: old, at: path(), into: &causes)
        case .null, .bool: break
        }
    }

    private func hasFittingType(_ value: JSONValue) -> Bool {
        switch kind {
        case nil: isIntOrString ? value.stringValue != nil || value.intValue != nil : true
        case .object: value.objectValue != nil
        case .array: value.arrayValue != nil
        case .string: value.stringValue != nil
        case .boolean: value.boolValue != nil
        case .integer: value.intValue != nil
        case .number: value.doubleValue != nil
        }
    }

    private static func typeName(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .int: "integer"
        case .double: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    private func validate(
        _ text: String, _ value: JSONValue, at path: @autoclosure () -> String, into causes: inout [Cause]
    ) {
        let length = Int64(text.unicodeScalars.count)
        if let maximum = limits.maxLength, length > maximum {
            causes.append(Cause(.tooLong, path(), "Too long: may not be more than \(maximum) bytes"))
        }
        if let minimum = limits.minLength, length < minimum {
            causes.append(.invalid(path(), value, "\(path()) in body should be at least \(minimum) chars long"))
        }
        if let pattern, pattern.occurs(in: text) != true {
            causes.append(.invalid(path(), value, "\(path()) in body should match '\(pattern.source)'"))
        }
        if format == "date-time", CivilTime.unixTime(text) == nil {
            causes.append(
                Cause(
                    .typeInvalid, path(),
                    "Invalid value: \(value.text): \(path()) in body must be of type date-time: \(value.text)"))
        }
    }

    private func validateNumber(_ value: JSONValue, at path: @autoclosure () -> String, into causes: inout [Cause]) {
        guard let number = value.doubleValue else { return }
        func shown(_ limit: Double) -> String { Int64(exactly: limit).map(String.init) ?? String(limit) }
        if format == "int32", let whole = value.intValue, Int32(exactly: whole) == nil {
            causes.append(
                Cause(
                    .typeInvalid, path(),
                    "Invalid value: \(value.text): \(path()) in body must be of type int32: \(value.text)"))
        }
        if let minimum = limits.minimum, number < minimum || (limits.excludesMinimum && number == minimum) {
            let bound = limits.excludesMinimum ? "greater than" : "greater than or equal to"
            causes.append(.invalid(path(), value, "\(path()) in body should be \(bound) \(shown(minimum))"))
        }
        if let maximum = limits.maximum, number > maximum || (limits.excludesMaximum && number == maximum) {
            let bound = limits.excludesMaximum ? "less than" : "less than or equal to"
            causes.append(.invalid(path(), value, "\(path()) in body should be \(bound) \(shown(maximum))"))
        }
    }

    private func validate(
        _ elements: [JSONValue], _ value: JSONValue, before old: JSONValue?, at path: @autoclosure () -> String,
        into causes: inout [Cause]
    ) {
        let count = Int64(elements.count)
        if let maximum = limits.maxItems, count > maximum {
            causes.append(Cause(.tooMany, path(), "Too many: \(count): must have at most \(maximum) items"))
        }
        if let minimum = limits.minItems, count < minimum {
            causes.append(.invalid(path(), value, "\(path()) in body should have at least \(minimum) items"))
        }
        let olds = old?.arrayValue ?? []
        var seen: Set<JSONValue> = []
        for (index, element) in elements.enumerated() {
            let before = olds.indices.contains(index) ? olds[index] : nil
            items?.validate(element, before: before, at: "\(path())[\(index)]", into: &causes)
            switch listType {
            case .atomic: continue
            case .set:
                if !seen.insert(element).inserted {
                    causes.append(Cause(.duplicate, "\(path())[\(index)]", "Duplicate value: \(element.text)"))
                }
            case .map:
                guard let key = listMapKey(of: element) else { continue }
                if !seen.insert(key).inserted {
                    causes.append(Cause(.duplicate, "\(path())[\(index)]", "Duplicate value: \(key.text)"))
                }
            }
        }
    }

    private func validate(
        _ members: [String: JSONValue], before old: JSONValue?, at path: @autoclosure () -> String,
        into causes: inout [Cause]
    ) {
        for name in required where members[name] == nil { causes.append(.required(Self.join(path(), name))) }
        let count = Int64(members.count)
        if let maximum = limits.maxProperties, count > maximum {
            causes.append(Cause(.tooMany, path(), "Too many: \(count): must have at most \(maximum) items"))
        }
        if let minimum = limits.minProperties, count < minimum {
            causes.append(
                .invalid(path(), .object(members), "\(path()) in body should have at least \(minimum) properties"))
        }
        causes += sortedCauses(of: members) { name, value, schema, causes in
            schema.validate(value, before: old?[name], at: Self.join(path(), name), into: &causes)
        }
    }

    /// What `check` finds in the members that the schema knows, in the order of their names, which costs only where there
    /// is anything to be found.
    private func sortedCauses(
        of members: [String: JSONValue], _ check: (String, JSONValue, Schema, inout [Cause]) -> Void
    ) -> [Cause] {
        var found: [(name: String, causes: [Cause])] = []
        for (name, value) in members {
            guard let schema = member(name) else { continue }
            var causes: [Cause] = []
            check(name, value, schema, &causes)
            if !causes.isEmpty { found.append((name, causes)) }
        }
        return found.sorted { $0.name < $1.name }.flatMap(\.causes)
    }

    private func checkRules(
        _ value: JSONValue, before old: JSONValue?, at path: @autoclosure () -> String, into causes: inout [Cause]
    ) {
        guard hasRules, !value.isNull, value != old || hasTransitionRules else { return }
        for rule in rules {
            if let problem = rule.problem(of: value, before: old) { causes.append(.invalid(path(), value, problem)) }
        }
        switch value {
        case .object(let members):
            causes += sortedCauses(of: members) { name, value, schema, causes in
                schema.checkRules(value, before: old?[name], at: Self.join(path(), name), into: &causes)
            }
        case .array(let elements):
            guard let items, items.hasRules else { return }
            for (index, element) in elements.enumerated() {
                let before = listMapKey(of: element).flatMap { key in
                    old?.arrayValue?.first { listMapKey(of: $0) == key }
                }
                items.checkRules(element, before: before, at: "\(path())[\(index)]", into: &causes)
            }
        default: break
        }
    }

    /// The members of a list map's element that identify it, defaults filled in; nil for other lists and elements.
    func listMapKey(of element: JSONValue) -> JSONValue? {
        guard listType == .map, let members = element.objectValue else { return nil }
        var key: [String: JSONValue] = [:]
        for name in listMapKeys { key[name] = members[name] ?? items?.properties[name]?.defaultValue }
        return .object(key)
    }
}
