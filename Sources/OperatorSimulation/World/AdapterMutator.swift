import DynamicJSON

/// What users do to LoRAAdapters.
struct AdapterMutator {
    let world: World
    let random: RandomStream

    /// Few, so that objects meet.
    static let names = ["sql", "chat", "code"]

    func apply(_ mutation: Mutation) throws {
        if mutation == .createAdapter { return try create("a\(random.below(6))") }
        guard let adapter = random.pick(world.adapters.filter { !$0.isTerminating }) else { return }
        switch mutation {
        case .deleteAdapter: try world.deleteAdapter(adapter.name)
        case .recreateAdapter:
            try world.deleteAdapter(adapter.name)
            try create(adapter.name)
        case .editPath:
            let path = random.path(of: adapter.loraName)
            try world.editAdapter(adapter.name) { $0["loraPath"] = .string(path) }
        case .editName:
            let name = random.pick(Self.names) ?? "sql"
            try world.editAdapter(adapter.name) { spec in
                // Names that objects share are not placed: who has which slot would be anybody's guess.
                spec["loraName"] = .string(name)
                spec["placement"] = nil
            }
        case .editReplicas:
            let replicas = random.below(4)
            let isAlone = !Self.names.contains(adapter.loraName)
            try world.editAdapter(adapter.name) { spec in
                spec["placement"] = replicas == 0 || !isAlone ? nil : ["replicas": .int(Int64(replicas))]
            }
        case .editSuspend: try world.editAdapter(adapter.name) { $0["suspend"] = .bool(!adapter.isSuspended) }
        case .editBase:
            let base = random.chance(700) ? world.settings.baseModel : "another"
            try world.editAdapter(adapter.name) { $0["baseModelName"] = .string(base) }
        case .editService:
            let service = adapter.service == "a" ? "b" : "a"
            try world.editAdapter(adapter.name) { $0["target"] = ["service": ["name": .string(service)]] }
        case .editPolicy:
            let policy: JSONValue = adapter.overwrites ? "Fail" : "Overwrite"
            try world.editAdapter(adapter.name) { $0["conflictPolicy"] = policy }
        default: break
        }
    }

    private func create(_ name: String) throws {
        guard world.adapter(name) == nil else { return }
        let loraName = random.chance(500) ? nil : random.pick(Self.names)
        var spec: JSONValue = [
            "loraPath": .string(random.path(of: loraName ?? name)),
            "target": ["service": ["name": random.chance(700) ? "a" : "b"]],
            // Long, so that nothing may be abandoned while a fault lasts; and a lost load is looked for soon.
            "deletion": ["timeout": "24h", "policy": random.chance(100) ? "Orphan" : "Unload"],
            "loadTimeout": random.chance(500) ? "30s" : "2m",
        ]
        if let loraName { spec["loraName"] = .string(loraName) }
        if loraName == nil, random.chance(300), world.settings.hasPlacement {
            spec["placement"] = ["replicas": .int(Int64(1 + random.below(3)))]
        }
        if random.chance(300) { spec["baseModelName"] = .string(world.settings.baseModel) }
        if random.chance(150) { spec["conflictPolicy"] = "Overwrite" }
        if random.chance(150) { spec["update"] = ["strategy": "InPlace"] }
        if random.chance(100) { spec["suspend"] = true }
        try world.createAdapter(name, spec: spec)
    }
}

extension RandomStream {
    /// One of the few paths of a name, now and then one that no server has.
    func path(of name: String) -> String { chance(50) ? "/nowhere" : "/adapters/\(name)-v\(1 + below(3))" }
}
