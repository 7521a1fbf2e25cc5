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
        let route = Route(request, state.withLock { $0.configuration })
        let (visit, fault) = state.withLock { $0.receive(route.operation) }
        try checkIsUp(visit)
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
        let answer = try await answer(route, request, visit)
        if case .loseAnswer = fault { throw HTTPFailure(.reset, "the server dropped the answer") }
        return answer.response(visit.configuration.version)
    }

    private func answer(_ route: Route, _ request: HTTPRequest, _ visit: Visit) async throws -> Answer {
        let configuration = visit.configuration
        guard isAuthorized(request, configuration) else { return .unauthorized }
        do {
            switch route {
            case .health: return .empty(status: state.withLock { $0.isEngineAlive } ? 200 : 503)
            case .ping: return .empty(status: 200)
            case .models: return .json(withState(visit) { $0.models(at: time.unixTime, random) })
            case .version: return .json("{\"version\":\"\(configuration.version)\"}")
            case .metrics: return .metrics(withState(visit) { $0.metrics })
            case .serverLoad: return .json(#"{"server_load":0}"#)
            case .load, .register:
                let adapter = try LoadFields(request, configuration.version, isRegistration: route == .register)
                if let refusal = try await load(adapter, visit) { return refusal }
                return .text(
                    route == .register
                        ? "Adapter \(adapter.name) registered"
                        : "Success: LoRA adapter '\(adapter.name)' added successfully.")
            case .unload:
                var fields = try RequestFields(request, configuration.version)
                let name = fields.string("lora_name")
                fields.checkInteger("lora_int_id")
                try fields.check(configuration.version)
                return try await unload(name, visit)
                    ?? .text("Success: LoRA adapter '\(name)' removed successfully.")
            case .unregister(let name):
                return try await unload(name, visit) ?? .text("Adapter \(name) unregistered")
            case .completion(let chat): return try complete(request, chat, visit)
            case .wrongMethod(let allow): return .detail(status: 405, "Method Not Allowed", allow: allow)
            case .slash(let path): return .redirect("http://\(request.headers.first(named: "host") ?? "")\(path)")
            case .unknown: return .noRoute
            }
        } catch let refusal as RequestFields.Refusal {
            return refusal.answer
        }
    }

    /// Returns the answer to a load that was refused, and nil when it is done.
    private func load(_ adapter: LoadFields, _ visit: Visit) async throws -> Answer? {
        state.withLock { $0.loadsByName[adapter.name, default: 0] += 1 }
        while true {
            let decision = withState(visit) {
                $0.load(adapter.name, adapter.path, inPlace: adapter.inPlace, pretends: visit.pretends, at: time.now)
            }
            switch decision {
            case .answer(let answer): return answer
            case .wait(let end): try await time.sleep(for: end - time.now)
            case .begun(let end):
                // A client that leaves ends this wait, and not the load.
                if end > time.now { try await time.sleep(for: end - time.now) }
                try checkIsUp(visit)
                return withState(visit) { $0.isEngineAlive ? nil : .engineDead(visit.configuration.version) }
            }
            try checkIsUp(visit)
        }
    }

    /// Returns the answer to an unload that was refused, and nil when it is done.
    private func unload(_ name: String, _ visit: Visit) async throws -> Answer? {
        if visit.configuration.version.locksNames {
            while let end = withState(visit, { $0.registry.end(ofLoad: name) }) {
                try await time.sleep(for: end - time.now)
                try checkIsUp(visit)
            }
        }
        return withState(visit) { $0.unload(name, pretends: visit.pretends) }
    }

    private func complete(_ request: HTTPRequest, _ chat: Bool, _ visit: Visit) throws -> Answer {
        let fields = try RequestFields(request, visit.configuration.version)
        let model = fields.optionalString("model")
        let decision = withState(visit) { $0.complete(model, at: time.unixTime) }
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
    private func checkIsUp(_ visit: Visit) throws {
        let isUp = state.withLock { $0.isListening && $0.incarnation == visit.incarnation }
        guard isUp else { throw HTTPFailure(.reset, "the server went away") }
    }

    private func hang() async throws -> Never {
        while true { try await time.sleep(for: .seconds(3600)) }
    }

    /// The state as of now, as the process that the visit came to has it, with all that was loaded meanwhile.
    private func withState<Value>(_ visit: Visit, _ body: (inout ServerState) -> Value) -> Value {
        withState { state in
            state.process = visit.process
            defer { state.process = 0 }
            return body(&state)
        }
    }

    /// The state as of now, of the first process, with all that was loaded meanwhile.
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
