import Effects

/// What a request asks for.
enum Route: Equatable {
    case health, ping, models, version, metrics, serverLoad
    case load, unload
    case register
    case unregister(String)
    case completion(chat: Bool)
    case wrongMethod(allow: String)
    case slash(String)
    case unknown

    init(_ request: HTTPRequest, _ configuration: ServerConfiguration) {
        let path = request.url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
        guard let found = Self.route(String(path), configuration) else {
            if path.hasSuffix("/"), path.count > 1, let trimmed = Optional(String(path.dropLast())),
                Self.route(trimmed, configuration) != nil
            {
                self = .slash(trimmed)
            } else {
                self = .unknown
            }
            return
        }
        let allowed = found.methods.contains(request.method)
        self = allowed ? found.route : .wrongMethod(allow: found.methods.map(\.rawValue).joined(separator: ", "))
    }

    private static func route(
        _ path: String, _ configuration: ServerConfiguration
    ) -> (methods: [HTTPRequest.Method], route: Route)? {
        switch path {
        case "/health": ([.get], .health)
        case "/ping": ([.get, .post], .ping)
        case "/v1/models": ([.get], .models)
        case "/version": ([.get], .version)
        case "/metrics": ([.get], .metrics)
        case "/load": ([.get], .serverLoad)
        case "/v1/completions", "/invocations": ([.post], .completion(chat: false))
        case "/v1/chat/completions": ([.post], .completion(chat: true))
        default: configuration.allowsRuntimeUpdates ? updateRoute(path, configuration.version) : nil
        }
    }

    private static func updateRoute(
        _ path: String, _ version: VLLMVersion
    ) -> (methods: [HTTPRequest.Method], route: Route)? {
        let adapters = "/adapters/"
        switch path {
        case "/v1/load_lora_adapter": return ([.post], .load)
        case "/v1/unload_lora_adapter": return ([.post], .unload)
        case "/adapters" where version.hasAdapterRoutes: return ([.post], .register)
        case _ where version.hasAdapterRoutes && path.hasPrefix(adapters) && !path.dropFirst(10).contains("/"):
            return ([.delete], .unregister(String(path.dropFirst(adapters.count))))
        default: return nil
        }
    }

    var operation: SimulatedOperation {
        switch self {
        case .health: .health
        case .models: .models
        case .version: .version
        case .metrics: .metrics
        case .load, .register: .load
        case .unload, .unregister: .unload
        case .completion: .completion
        case .ping, .serverLoad, .wrongMethod, .slash, .unknown: .other
        }
    }
}
