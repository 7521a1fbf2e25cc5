/// What a completion came to.
enum CompletionDecision {
    case answer(Answer)
    /// Served by the model of that name.
    case served(String)
    /// The engine died over it, and takes the server with it.
    case died
}

extension ServerState {
    mutating func complete(_ model: String?, at time: Double) -> CompletionDecision {
        guard isEngineAlive else { return .answer(.engineDead) }
        let base = configuration.servedNames.first ?? ""
        guard let model, !configuration.servedNames.contains(model) else { return .served(model ?? base) }
        if registry[model] == nil, let refusal = resolve(model) { return .answer(refusal) }
        guard let entry = registry[model] else { return .answer(.unknownModel(model, configuration)) }
        // An adapter that has to be read from disk, and is not there any more, is more than vLLM survives.
        let isRead = registry.use(entry, capacity: configuration.maxLoras)
        if isRead, files(at: entry.path) == .missing {
            isEngineAlive = false
            isListening = false
            return .died
        }
        usedAdapters.removeAll { $0.name == model }
        usedAdapters.append((model, time))
        completions += 1
        return .served(model)
    }

    /// Loads a name from the resolver's directory; the answer where that is there and cannot be loaded.
    private mutating func resolve(_ name: String) -> Answer? {
        guard configuration.version.hasResolver, configuration.allowsRuntimeUpdates,
            let directory = configuration.resolverDirectory
        else { return nil }
        // Joined as Python joins paths: an absolute name leaves the directory, and so does `..`.
        let path = name.hasPrefix("/") ? name : "\(directory)/\(name)"
        guard let files = configuration.files[path], files != .missing, files != .adapterOfOtherBase else { return nil }
        if refusal(name, path) != nil {
            return .error(
                status: 400, type: "BadRequestError",
                message: "LoRA adapter '\(name)' was found but could not be loaded.")
        }
        registry.add(Registry.Entry(name: name, path: path))
        return nil
    }
}
