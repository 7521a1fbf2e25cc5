import DynamicJSON

/// What users do to LoRAAdapters.
struct AdapterMutator {
    let world: World
    let random: RandomStream
    /// Whose objects are changed; nil: any.
    var loraName: String?

    /// Few, so that objects meet.
    static let names = ["sql", "chat", "code"]

    func apply(_ mutation: Mutation) throws {
        if mutation == .createAdapter { return try create("a\(random.below(6))") }
        if mutation == .editDeletion { return try editDeletion() }
        let adapters = world.adapters.filter { !$0.isTerminating && (loraName == nil || $0.loraName == loraName) }
        guard let adapter = random.pick(adapters) else { return }
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
                let isPlaced = replicas > 0 && isAlone && !adapter.isOnDemand
                spec["placement"] = isPlaced ? ["replicas": .int(Int64(replicas))] : nil
            }
        case .editSuspend: try world.editAdapter(adapter.name) { $0["suspend"] = .bool(!adapter.isSuspended) }
        case .editBase:
            let base = random.chance(700) ? world.settings.baseModel : "another"
            try world.editAdapter(adapter.name) { $0["baseModelName"] = .string(base) }
        case .editService:
            let service = adapter.service == "a" ? "b" : "a"
            try world.editAdapter(adapter.name) { $0["target", "service", "name"] = .string(service) }
        case .editPolicy:
            let policy: JSONValue = adapter.overwrites ? "Fail" : "Overwrite"
            try world.editAdapter(adapter.name) { $0["conflictPolicy"] = policy }
        case .editLoading:
            try world.editAdapter(adapter.name) { spec in
                spec["loading"] = adapter.isOnDemand ? "Eager" : "OnDemand"
                spec["placement"] = nil
            }
        case .editUpdate:
            let update = update
            try world.editAdapter(adapter.name) { $0["update"] = update }
        case .editLoadTimeout:
            let timeout = loadTimeout
            try world.editAdapter(adapter.name) { $0["loadTimeout"] = timeout }
        case .editPort:
            let port = random.pick([nil, "http", 80] as [JSONValue?]) ?? nil
            try world.editAdapter(adapter.name) { $0["target", "service", "port"] = port }
        case .editKey:
            guard adapter.secret != nil, let secret = random.pick(World.secrets) else { return }
            try world.editAdapter(adapter.name) { $0["target", "apiKeySecretRef", "name"] = .string(secret) }
        default: break
        }
    }

    /// See ``Mutation/passOn``.
    func passOn() async throws {
        let adapters = world.adapters.filter { !$0.isTerminating && $0.replicas == nil }
        guard let giver = random.pick(adapters), let heir = random.pick(adapters.filter({ $0.uid != giver.uid })) else {
            return
        }
        world.simulation.trace("-- \(giver.name) passes on to \(heir.name)")
        try world.editAdapter(heir.name) { spec in
            spec["loraName"] = .string(giver.loraName)
            spec["loraPath"] = .string(giver.path)
            spec["target", "service", "name"] = .string(giver.service)
        }
        for name in [giver.name, heir.name] {
            try await world.simulation.sleep(for: random.duration(.milliseconds(1)...(.seconds(1))))
            try withdraw(name)
        }
    }

    private func withdraw(_ name: String) throws {
        guard let adapter = world.adapter(name) else { return }
        switch random.below(3) {
        case 0: try world.deleteAdapter(name)
        case 1:
            let other = random.pick(Self.names.filter { $0 != adapter.loraName }) ?? "sql"
            try world.editAdapter(name) { $0["loraName"] = .string(other) }
        default:
            let other = adapter.service == "a" ? "b" : "a"
            try world.editAdapter(name) { $0["target", "service", "name"] = .string(other) }
        }
    }

    /// Of a terminating object as well: "`policy` and `timeout` are read live, so patching a terminating object frees it".
    private func editDeletion() throws {
        guard let adapter = random.pick(world.adapters) else { return }
        let deletion = deletion
        try world.editAdapter(adapter.name) { $0["deletion"] = deletion }
    }

    private var update: JSONValue {
        [
            "strategy": .string(random.chance(300) ? "InPlace" : "Recreate"),
            "maxUnavailable": .int(Int64(random.chance(500) ? 1 : 1 + random.below(3))),
        ]
    }

    private var loadTimeout: JSONValue { random.pick(["10s", "30s", "2m"]) ?? "2m" }

    /// Mostly long, so that nothing may be abandoned while a fault lasts.
    private var deletion: JSONValue {
        let timeout = random.chance(800) ? "24h" : random.pick(["0s", "30s", "3m"]) ?? "24h"
        return ["timeout": .string(timeout), "policy": .string(random.chance(100) ? "Orphan" : "Unload")]
    }

    private func create(_ name: String) throws {
        guard world.adapter(name) == nil else { return }
        let loraName = random.chance(500) ? nil : random.pick(Self.names)
        var spec: JSONValue = [
            "loraPath": .string(random.path(of: loraName ?? name)),
            "target": ["service": ["name": random.chance(700) ? "a" : "b"]],
            "deletion": deletion,
            // A lost load is looked for soon.
            "loadTimeout": loadTimeout,
        ]
        if world.now.apiKey != nil {
            spec["target", "apiKeySecretRef"] = ["name": .string(random.pick(World.secrets) ?? ""), "key": "token"]
        }
        if let loraName { spec["loraName"] = .string(loraName) }
        if loraName == nil, random.chance(300), world.settings.hasPlacement {
            spec["placement"] = ["replicas": .int(Int64(1 + random.below(3)))]
        }
        if random.chance(300) { spec["baseModelName"] = .string(world.settings.baseModel) }
        if random.chance(150) { spec["conflictPolicy"] = "Overwrite" }
        if random.chance(300) { spec["update"] = update }
        if spec["placement"] == nil, world.settings.mutations.contains(.editLoading), random.chance(100) {
            spec["loading"] = "OnDemand"
        }
        if random.chance(100) { spec["suspend"] = true }
        try world.createAdapter(name, spec: spec)
    }
}

extension RandomStream {
    /// One of the few paths of a name, now and then one that no server has.
    func path(of name: String) -> String {
        chance(50) ? "/nowhere" : chance(150) ? World.resolved(name) : "/adapters/\(name)-v\(1 + below(3))"
    }
}
