import DynamicJSON
import Effects
import OperatorSimulation

/// The smallest operator that is right in a calm world, and the mistakes that a simulation must notice.
struct ToyOperator: Sendable {
    enum Flaw: CaseIterable, Sendable {
        case loadsBeforeClaim, loadsWithoutFinalizer, loadsAllAtOnce, keepsStaleEntries, keepsFinalizer, forgetsToUnload
        case unloadsForeignAdapters, alwaysSaysReady, writesAllTheTime, probesTwice, ignoresItsEnd, givesUp
    }

    let http: any HTTPTransport
    let simulation: Simulation
    var flaw: Flaw?

    private static let group = "/apis/lora-operator.dev/v1alpha1/namespaces/demo/loraadapters"
    private static let finalizer: JSONValue = "lora-operator.dev/unload"

    func run() async throws {
        while !Task.isCancelled || flaw == .ignoresItsEnd {
            do { try await round() } catch { try Task.checkCancellation() }
            if flaw == .givesUp, simulation.now > .seconds(60) { return }
            do {
                try await simulation.sleep(for: .seconds(30))
            } catch  where flaw == .ignoresItsEnd {
                await Waiting().forever()
            }
        }
    }

    private func round() async throws {
        let adapters = try await list(Self.group).sorted { key($0) < key($1) }
        let slices = try await list("/apis/discovery.k8s.io/v1/namespaces/demo/endpointslices")
        var lists: [String: [String: String]] = [:]
        for address in Set(slices.flatMap { addresses($0) }).sorted() { lists[address] = await probe(address) }
        for (index, adapter) in adapters.enumerated() {
            let servers = slices.filter { serviceName($0) == service(adapter) }.flatMap { addresses($0) }.sorted()
            let rivals = adapters[..<index].filter { loraName($0) == loraName(adapter) }.map(service)
            let taken = slices.filter { slice in rivals.contains { $0 == serviceName(slice) } }.flatMap(addresses)
            try? await reconcile(adapter, servers: servers, lists: lists, taken: Set(taken))
        }
    }

    private func reconcile(
        _ adapter: JSONValue, servers: [String], lists: [String: [String: String]], taken: Set<String>
    ) async throws {
        let name = loraName(adapter)
        let path = adapter["spec", "loraPath"]?.stringValue ?? ""
        let claim: JSONValue = [
            "name": .string(name), "path": .string(path), "service": .string(service(adapter)), "port": 8000,
        ]
        let claims = adapter["status", "claims"]?.arrayValue ?? []
        func isOurs(_ root: String?) -> Bool {
            claims.contains { $0["name"]?.stringValue == name && $0["path"]?.stringValue == root }
        }
        if adapter["metadata", "deletionTimestamp"] != nil {
            guard flaw != .keepsFinalizer else { return }
            var isClean = true
            for server in lists.keys.sorted() where isOurs(lists[server]?[name]) && flaw != .forgetsToUnload {
                isClean = false
                try await change(server, "unload", ["lora_name": .string(name)])
            }
            if isClean, servers.allSatisfy({ lists[$0] != nil }) { try await setFinalizers(adapter, []) }
            return
        }
        if flaw != .loadsWithoutFinalizer { try await setFinalizers(adapter, [Self.finalizer]) }
        if !claims.contains(claim), flaw != .loadsBeforeClaim {
            return try await write(adapter, ready: false, states: [:], claims: claims + [claim])
        }
        let loads = servers.filter { lists[$0] != nil && lists[$0]?[name] == nil && !taken.contains($0) }
        let body: JSONValue = ["lora_name": .string(name), "lora_path": .string(path)]
        for server in loads {
            if flaw == .loadsAllAtOnce {
                async let first: Void = change(server, "load", body)
                async let second: Void = change(server, "load", body)
                _ = try await (first, second)
            } else {
                try? await change(server, "load", body)
            }
        }
        for server in servers where !taken.contains(server) {
            guard let root = lists[server]?[name], root != path else { continue }
            if isOurs(root) && flaw != .keepsStaleEntries || flaw == .unloadsForeignAdapters {
                try? await change(server, "unload", ["lora_name": .string(name)])
            }
        }
        var states: [String: String] = [:]
        for server in servers {
            states[server] = lists[server]?[name] == path && !taken.contains(server) ? "Loaded" : "Absent"
        }
        if flaw == .alwaysSaysReady { for server in servers { states[server] = "Loaded" } }
        let isReady = !states.isEmpty && states.values.allSatisfy { $0 == "Loaded" }
        let isStale = servers.contains { lists[$0] == nil || isOurs(lists[$0]?[name]) && lists[$0]?[name] != path }
        try await write(adapter, ready: isReady, states: states, claims: isStale ? claims : [claim])
    }

    private func write(
        _ adapter: JSONValue, ready: Bool, states: [String: String], claims: [JSONValue]
    ) async throws {
        let generation = adapter["metadata", "generation"] ?? 0
        let pods = try await list("/api/v1/namespaces/demo/pods")
        var servers: [JSONValue] = []
        for (address, state) in states.sorted(by: { $0.key < $1.key }) {
            guard let pod = pods.first(where: { $0["status", "podIP"]?.stringValue == address }) else { continue }
            servers.append([
                "name": pod["metadata", "name"] ?? "", "port": 8000, "address": .string(address),
                "state": .string(state),
            ])
        }
        let condition: JSONValue = [
            "type": "Ready", "status": ready ? "True" : "False", "reason": "Loaded", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": generation,
        ]
        var status: JSONValue = [
            "observedGeneration": generation, "phase": ready ? "Ready" : "Loading", "conditions": [condition],
            "claims": .array(claims), "desiredServers": .int(Int64(states.count)), "servers": .array(servers),
        ]
        if flaw == .writesAllTheTime { status["id"] = .string("\(simulation.now)") }
        guard adapter["status"] != status else { return }
        let path = "\(Self.group)/\(name(adapter))/status?fieldManager=toy&force=true"
        let object: JSONValue = [
            "apiVersion": "lora-operator.dev/v1alpha1", "kind": "LoRAAdapter",
            "metadata": ["name": .string(name(adapter))], "status": status,
        ]
        try await send(.patch, World.kubeURL + path, "application/apply-patch+yaml", object)
    }

    private func setFinalizers(_ adapter: JSONValue, _ finalizers: [JSONValue]) async throws {
        guard (adapter["metadata", "finalizers"]?.arrayValue ?? []) != finalizers else { return }
        let url = World.kubeURL + "\(Self.group)/\(name(adapter))"
        let patch: JSONValue = ["metadata": ["finalizers": .array(finalizers)]]
        try await send(.patch, url, "application/merge-patch+json", patch)
    }

    private func change(_ server: String, _ verb: String, _ body: JSONValue) async throws {
        try await send(.post, "http://\(server):8000/v1/\(verb)_lora_adapter", "application/json", body)
    }

    /// What the server holds, nil when it does not say.
    private func probe(_ address: String) async -> [String: String]? {
        for _ in 0..<(flaw == .probesTwice ? 2 : 1) {
            guard let health = try? await http.send(HTTPRequest(.get, "http://\(address):8000/health")),
                health.head.status == 200
            else { return nil }
        }
        guard let models = try? await get("http://\(address):8000/v1/models"), let cards = models["data"]?.arrayValue,
            !cards.isEmpty
        else { return nil }
        return cards.reduce(into: [:]) { roots, card in
            guard card["parent"]?.stringValue != nil else { return }
            roots[card["id"]?.stringValue ?? ""] = card["root"]?.stringValue
        }
    }

    private func list(_ path: String) async throws -> [JSONValue] {
        try await get(World.kubeURL + path)["items"]?.arrayValue ?? []
    }

    private func get(_ url: String) async throws -> JSONValue {
        let reply = try await http.send(HTTPRequest(.get, url))
        guard reply.head.status == 200 else { throw HTTPFailure(.invalidResponse, "\(reply.head.status)") }
        return JSONValue(parsing: reply.body) ?? .null
    }

    private func send(_ method: HTTPRequest.Method, _ url: String, _ type: String, _ body: JSONValue) async throws {
        let headers = [HTTPHeader("Content-Type", type), HTTPHeader("Accept", "application/json")]
        let reply = try await http.send(
            HTTPRequest(method, url, headers: headers, body: body.encoded))
        guard reply.head.status / 100 == 2 else { throw HTTPFailure(.invalidResponse, "\(reply.head.status)") }
    }

    private func name(_ object: JSONValue) -> String { object["metadata", "name"]?.stringValue ?? "" }
    private func loraName(_ adapter: JSONValue) -> String { adapter["spec", "loraName"]?.stringValue ?? name(adapter) }
    private func service(_ adapter: JSONValue) -> String {
        adapter["spec", "target", "service", "name"]?.stringValue ?? ""
    }
    private func serviceName(_ slice: JSONValue) -> String? {
        slice["metadata", "labels", "kubernetes.io/service-name"]?.stringValue
    }
    private func addresses(_ slice: JSONValue) -> [String] {
        (slice["endpoints"]?.arrayValue ?? []).compactMap { $0["addresses"]?.arrayValue?.first?.stringValue }
    }
    private func key(_ object: JSONValue) -> String {
        (object["metadata", "creationTimestamp"]?.stringValue ?? "") + (object["metadata", "uid"]?.stringValue ?? "")
    }
}

/// Waits and does not notice that it is cancelled.
private actor Waiting {
    private var continuation: CheckedContinuation<Void, Never>?

    func forever() async { await withCheckedContinuation { continuation = $0 } }
}
