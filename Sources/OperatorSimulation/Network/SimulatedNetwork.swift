package import Effects
import Synchronization

/// A network in memory: routes requests by authority to handlers, with latency and faults that follow from the seed.
package final class SimulatedNetwork: HTTPTransport {
    private struct State {
        var handlers: [String: any HTTPHandler] = [:]
        var links: [String: Link] = [:]
        var awaited: [AwaitedFault] = []
        var observers: [@Sendable (NetworkEvent) -> Void] = []
        var conversations: [Int: Conversation] = [:]
        var lastExchange = 0
    }

    private struct AwaitedFault {
        let fault: NetworkFault
        let authority: String
        let matches: @Sendable (HTTPRequest) -> Bool
        var count: Int
    }

    private let simulation: Simulation
    private let latencies: RandomStream
    private let faults: RandomStream
    private let state = Mutex(State())

    package init(_ simulation: Simulation) {
        self.simulation = simulation
        latencies = simulation.random("latency")
        faults = simulation.random("network faults")
        simulation.addReporter { [weak self] in self?.inFlight.map(\.label) ?? [] }
    }

    // MARK: What the environment does

    /// Lets `handler` listen on `authority`, `host:port`; nil: nobody does any more.
    ///
    /// A host of which no port is left is gone, and packets to it vanish; else its other ports refuse connections.
    package func register(_ handler: (any HTTPHandler)?, at authority: String) {
        state.withLock { $0.handlers[authority] = handler }
    }

    /// Changes the way to `authority`.
    package func changeLink(to authority: String, _ change: (inout Link) -> Void) {
        state.withLock { state in
            var link = state.links[authority] ?? Link()
            change(&link)
            state.links[authority] = link
        }
    }

    /// The next `count` requests to `authority` that match meet `fault`.
    package func inject(
        _ fault: NetworkFault, at authority: String, count: Int = 1,
        where matches: @escaping @Sendable (HTTPRequest) -> Bool = { _ in true }
    ) {
        state.withLock {
            $0.awaited.append(AwaitedFault(fault: fault, authority: authority, matches: matches, count: count))
        }
    }

    /// Forgets every fault, standing or awaited.
    package func heal() {
        state.withLock { state in
            state.awaited = []
            for authority in state.links.keys {
                state.links[authority]?.fault = nil
                state.links[authority]?.faultPermille = 0
            }
        }
    }

    /// Breaks every connection to `authority` that stands.
    package func resetConnections(to authority: String) {
        for conversation in conversations where conversation.exchange.authority == authority {
            conversation.fail(HTTPFailure(.reset, "\(authority) reset the connection"))
        }
    }

    /// Calls `observer` at every step of every exchange.
    package func observe(_ observer: @escaping @Sendable (NetworkEvent) -> Void) {
        state.withLock { $0.observers.append(observer) }
    }

    /// What clients wait for now, the oldest first.
    package var inFlight: [Exchange] { conversations.map(\.exchange) }

    // MARK: What clients do

    package func withResponse<Value: Sendable>(
        to request: HTTPRequest, _ body: (HTTPResponse) async throws -> Value
    ) async throws -> Value {
        try await exchange(request, from: nil, body)
    }

    func exchange<Value: Sendable>(
        _ request: HTTPRequest, from process: SimulatedProcess?, _ body: (HTTPResponse) async throws -> Value
    ) async throws -> Value {
        let start = simulation.now
        let target = try Authority(url: request.url)
        let effect = try process?.number(request.method)
        let fault = takeFault(for: target.name, request)
        var received = request
        received.url = target.path
        let exchange = Exchange(
            id: nextID(), process: process?.name ?? "", authority: target.name, request: received, effect: effect)
        notify(.sent(exchange))
        var failure: HTTPFailure?
        defer { notify(.ended(exchange, failure: failure)) }
        do {
            let handler = try await connect(to: target, fault: fault, options: request.options)
            let conversation = Conversation(exchange, options: request.options, clock: simulation.clock)
            add(conversation, of: process)
            defer { remove(conversation, of: process) }
            let timer = request.options.totalTimeout.map { limit in
                simulation.clock.schedule(at: start + limit) {
                    let message = "no complete answer from \(target.name) within \(limit.inSeconds)"
                    conversation.fail(HTTPFailure(.requestTimeout, message))
                }
            }
            defer { if let timer { simulation.clock.cancel(timer) } }
            let delivery = Delivery(
                conversation: conversation, handler: handler, process: process, fault: fault, network: self)
            conversation.setServerTask(simulation.spawn { await delivery.run() })
            defer { conversation.clientLeft() }
            let head = try await conversation.receiveHead()
            simulation.trace("\(exchange.label) -> \(head.status)")
            return try await body(HTTPResponse(head: head, body: HTTPBody { try await conversation.receiveChunk() }))
        } catch let error as HTTPFailure {
            failure = error
            simulation.trace("\(exchange.label) -> \(error.kind.rawValue)")
            throw error
        }
    }

    private func connect(
        to target: Authority, fault: NetworkFault?, options: HTTPOptions
    ) async throws -> any HTTPHandler {
        let (handler, hasHost) = state.withLock { state -> ((any HTTPHandler)?, Bool) in
            let handler = state.handlers[target.name]
            return (handler, handler != nil || state.handlers.keys.contains { $0.hasPrefix(target.host) })
        }
        if handler == nil, target.isName { throw HTTPFailure(.nameResolution, "no address for \(target.name)") }
        guard hasHost, fault != .blackhole else {
            let limit = min(options.connectTimeout, options.totalTimeout ?? options.connectTimeout)
            try await simulation.sleep(for: limit)
            throw HTTPFailure(.connectTimeout, "no connection to \(target.name) within \(limit.inSeconds)")
        }
        try await simulation.sleep(for: latency(to: target.name))
        guard let handler, fault != .refused else {
            throw HTTPFailure(.connectionRefused, "\(target.name) refused the connection")
        }
        return handler
    }

    // MARK: What deliveries ask

    var clock: VirtualClock { simulation.clock }

    func notify(_ event: NetworkEvent) {
        for observer in state.withLock({ $0.observers }) { observer(event) }
    }

    func traceRefusal(of exchange: Exchange, _ body: [UInt8]) {
        simulation.trace("\(exchange.authority) refuses: \(String(decoding: body.prefix(400), as: UTF8.self))")
    }

    func latency(to authority: String) -> Duration {
        latencies.duration(state.withLock { $0.links[authority] ?? Link() }.latency)
    }

    /// True while nothing comes through on connections that stand.
    func isStalled(_ authority: String) -> Bool {
        let fault = state.withLock { $0.links[authority]?.fault }
        return fault == .hang || fault == .blackhole
    }

    /// `chunk`, now and then in pieces: what a reader gets at once has nothing to do with what was written at once.
    func pieces(of chunk: [UInt8]) -> [[UInt8]] {
        guard chunk.count > 1, latencies.chance(100) else { return [chunk] }
        let cut = 1 + latencies.below(chunk.count - 1)
        return [Array(chunk[..<cut]), Array(chunk[cut...])]
    }

    private func takeFault(for authority: String, _ request: HTTPRequest) -> NetworkFault? {
        let (link, awaited) = state.withLock { state -> (Link, NetworkFault?) in
            let link = state.links[authority] ?? Link()
            let match = state.awaited.firstIndex { $0.authority == authority && $0.matches(request) }
            guard let match else { return (link, nil) }
            state.awaited[match].count -= 1
            let fault = state.awaited[match].fault
            if state.awaited[match].count <= 0 { state.awaited.remove(at: match) }
            return (link, fault)
        }
        if let fault = link.fault ?? awaited { return fault }
        return faults.chance(link.faultPermille) ? faults.pick(link.faults) : nil
    }

    private var conversations: [Conversation] {
        state.withLock { $0.conversations }.sorted { $0.key < $1.key }.map(\.value)
    }

    private func nextID() -> Int {
        state.withLock { state in
            state.lastExchange += 1
            return state.lastExchange
        }
    }

    private func add(_ conversation: Conversation, of process: SimulatedProcess?) {
        state.withLock { $0.conversations[conversation.exchange.id] = conversation }
        process?.add(conversation)
    }

    private func remove(_ conversation: Conversation, of process: SimulatedProcess?) {
        state.withLock { $0.conversations[conversation.exchange.id] = nil }
        process?.remove(conversation)
    }
}
