import DynamicJSON

extension TypedValue {
    /// Merges an applied list into the live one, element by element, in the order of a real server: what is applied
    /// stands in the order applied, and what others own stays before the shared element that it stood before.
    static func merge(
        _ live: [(PathElement, JSONValue)], _ applied: [(PathElement, JSONValue)], items: Schema?
    ) -> [JSONValue] {
        let present = Dictionary(live) { first, _ in first }
        let wanted = Set(applied.map(\.0))
        var shared = applied.map(\.0).filter { present[$0] != nil }[...]
        var merged: Set<PathElement> = []
        var result: [JSONValue] = []
        var old = live[...]
        var new = applied[...]
        while !old.isEmpty || !new.isEmpty {
            if let (element, value) = old.first, element != new.first?.0 {
                guard wanted.contains(element) else {
                    result.append(value)
                    old.removeFirst()
                    continue
                }
                if merged.contains(element) || new.isEmpty || shared.first.map({ $0 != element }) ?? false {
                    old.removeFirst()
                    continue
                }
            } else if !old.isEmpty {
                old.removeFirst()
            }
            guard let (element, value) = new.popFirst() else { continue }
            result.append(merge(present[element], value, items))
            merged.insert(element)
            if shared.first == element { shared.removeFirst() }
        }
        return result
    }
}
