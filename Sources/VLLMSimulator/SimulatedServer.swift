package import Effects
import Synchronization

/// One vLLM server as a model: what it knows, what it answers, and what can be wrong with it.
///
/// It answers as the version of its configuration does. Ask it through a transport, in memory or behind an HTTP server;
/// either has to refuse connections while ``isListening`` is false.
package final class SimulatedServer: HTTPHandler {
    let state: Mutex<ServerState>
    let listeners = ListenerFlag()
    private let time: any TimeSource
    private let random: any RandomSource

    package init(_ configuration: ServerConfiguration, time: any TimeSource, random: any RandomSource) {
        state = Mutex(ServerState(configuration, processStart: time.unixTime))
        self.time = time
        self.random = random
    }

    package func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        let (configuration, incarnation) = state.withLock { ($0.configuration, $0.incarnation) }
        let route = Route(request, configuration)
        let fault = state.withLock { state in
            state.counts[route.operation, default: 0] += 1
            return state.takeFault(route.operation)
        }
        try checkIsUp(since: incarnation)
        switch fault {
        case .hang: try await hang()
        case .slow(let duration): try await time.sleep(for: duration)
        case .drop: throw HTTPFailure(.reset, "the server dropped the request")
        case .answer(let status, let contentType, let body, let location):
            let headers = ["content-type": contentType, "location": location].sorted { $0.key < $1.key }
            return HTTPResponse(
                status: status, headers: headers.compactMap { name, value in value.map { HTTPHeader(name, $0) } },
                body: Array(body.utf8))
        case .endlessBody: return HTTPResponse(head: HTTPResponseHead(status: 200), body: .endless)
        case .cutBody: return HTTPResponse(head: HTTPResponseHead(status: 200), body: .cut(after: "{\"object\":"))
        case .loseAnswer, .pretend, nil: break
        }
        let answer = try await answer(route, request, configuration, fault, incarnation)
        if case .loseAnswer = fault { throw HTTPFailure(.reset, "the server dropped the answer") }
        return answer.response(configuration.version)
    }

    private func answer(
        _ route: Route, _ request: HTTPRequest, _ configuration: ServerConfiguration, _ fault: SimulatedFault?,
        _ incarnation: Int
    ) async throws -> Answer {
        guard isAuthorized(request, configuration) else { return .unauthorized }
        let pretends = if case .pretend = fault { true } else { false }
        do {
            switch route {
            case .health: return .empty(status: state.withLock { $0.isEngineAlive } ? 200 : 503)
            case .ping: return .empty(status: 200)
            case .models: return .json(withState { $0.models(at: time.unixTime, random) })
            case .version: return .json("{\"version\":\"\(configuration.version)\"}")
            case .metrics: return .metrics(withState { $0.metrics })
            case .serverLoad: return .json(#"{"server_load":0}"#)
            case .load, .register:
                let adapter = try LoadFields(request, configuration.version, isRegistration: route == .register)
                if let refusal = try await load(adapter, pretends, incarnation) { return refusal }
                return .text(
                    route == .register
                        ? "Adapter \(adapter.name) registered"
                        : "Success: LoRA adapter '\(adapter.name)' added successfully.")
            case .unload:
                var fields = try RequestFields(request, configuration.version)
                let name = fields.string("lora_name")
                fields.checkInteger("lora_int_id")
                try fields.check(configuration.version)
                return try await unload(name, pretends, incarnation)
                    ?? .text("Success: LoRA adapter '\(name)' removed successfully.")
            case .unregister(let name):
                return try await unload(name, pretends, incarnation) ?? .text("Adapter \(name) unregistered")
            case .completion(let chat): return try complete(request, chat, configuration.version)
            case .wrongMethod(let allow): return .detail(status: 405, "Method Not Allowed", allow: allow)
            case .slash(let path): return .redirect("http://\(request.headers.first(named: "host") ?? "")\(path)")
            case .unknown: return .noRoute
            }
        } catch let refusal as RequestFields.Refusal {
            return refusal.answer
        }
    }

    /// Returns the answer to a load that was refused, and nil when it is done.
    private func load(_ adapter: LoadFields, _ pretends: Bool, _ incarnation: Int) async throws -> Answer? {
        state.withLock { $0.loadsByName[adapter.name, default: 0] += 1 }
        while true {
            let decision = withState {
                $0.load(adapter.name, adapter.path, inPlace: adapter.inPlace, pretends: pretends, at: time.now)
            }
            switch decision {
            case .answer(let answer): return answer
            case .wait(let end): try await time.sleep(for: end - time.now)
            case .begun(let end):
                // A client that leaves ends this wait, and not the load.
                if end > time.now { try await time.sleep(for: end - time.now) }
                try checkIsUp(since: incarnation)
                return withState { $0.isEngineAlive ? nil : .engineDead }
            }
            try checkIsUp(since: incarnation)
        }
    }

    /// Returns the answer to an unload that was refused, and nil when it is done.
    private func unload(_ name: String, _ pretends: Bool, _ incarnation: Int) async throws -> Answer? {
        if state.withLock({ $0.configuration.version.locksNames }) {
            while let end = withState({ $0.registry.end(ofLoad: name) }) {
                try await time.sleep(for: end - time.now)
                try checkIsUp(since: incarnation)
            }
        }
        return withState { $0.unload(name, pretends: pretends) }
    }

    private func complete(_ request: HTTPRequest, _ chat: Bool, _ version: VLLMVersion) throws -> Answer {
        let fields = try RequestFields(request, version)
        let model = fields.optionalString("model")
        let decision = withState { $0.complete(model, at: time.unixTime) }
        switch decision {
        case .answer(let answer): return answer
        case .served(let name): return .json(ServerState.completion(name, chat: chat, at: time.unixTime, random))
        case .died:
            listeners.close(thenListening: false)
            return .engineDead
        }
    }

    private func isAuthorized(_ request: HTTPRequest, _ configuration: ServerConfiguration) -> Bool {
        guard let key = configuration.apiKey, request.method != .options,
            configuration.version.guardedPrefixes.contains(where: { request.url.hasPrefix($0) })
        else { return true }
        let words = request.headers.first(named: "authorization")?
            .split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        return words?.count == 2 && words?.first?.lowercased() == "bearer" && words?.last.map(String.init) == key
    }

    /// A request whose server went away is not answered.
    private func checkIsUp(since incarnation: Int) throws {
        let isUp = state.withLock { $0.isListening && $0.incarnation == incarnation }
        guard isUp else { throw HTTPFailure(.reset, "the server went away") }
    }

    private func hang() async throws -> Never {
        while true { try await time.sleep(for: .seconds(3600)) }
    }

    /// The state as of now, with all that was loaded meanwhile.
    func withState<Value>(_ body: (inout ServerState) -> Value) -> Value {
        let now = time.now
        return state.withLock { state in
            state.settle(now)
            return body(&state)
        }
    }

    var unixTime: Double { time.unixTime }
}

/// What a load request names.
private struct LoadFields {
    var name: String
    var path: String
    var inPlace = false

    init(_ request: HTTPRequest, _ version: VLLMVersion, isRegistration: Bool) throws(RequestFields.Refusal) {
        var fields = try RequestFields(request, version)
        name = fields.string(isRegistration ? "name" : "lora_name")
        path = fields.string(isRegistration ? "src" : "lora_path")
        if !isRegistration, version.knowsInPlace { inPlace = fields.flag("load_inplace") }
        if !isRegistration, version.knows3D { _ = fields.flag("is_3d_lora_weight") }
        try fields.check(version)
    }
}
