import Effects

/// The server's side of one exchange: brings the request to the handler and the answer back, through the faults.
///
/// It runs in a task of its own: a server goes on with what it has begun when its client is gone.
struct Delivery: Sendable {
    let conversation: Conversation
    let handler: any HTTPHandler
    let process: SimulatedProcess?
    let fault: NetworkFault?
    let network: SimulatedNetwork

    private var exchange: Exchange { conversation.exchange }

    func run() async {
        do {
            try await deliver()
        } catch let failure as HTTPFailure {
            conversation.fail(failure)
        } catch {
            conversation.fail(HTTPFailure(.reset, "\(exchange.authority) dropped the connection"))
        }
    }

    private func deliver() async throws {
        try await pause()
        if fault == .hang { return try await network.clock.sleepForever() }
        if fault == .resetBefore { throw reset }
        process?.crash(at: exchange.effect, isAfter: false)
        // What a killed process sent last may have been on its way; it counts as never sent.
        guard process?.isAlive ?? true else { throw CancellationError() }
        if fault == .duplicated, exchange.request.options.connection != .fresh { _ = try? await respond() }
        let response = try await respond()
        process?.crash(at: exchange.effect, isAfter: true)
        if fault == .resetAfter { throw reset }
        if fault == .answerHangs { return try await network.clock.sleepForever() }
        try await pause()
        guard conversation.sendHead(response.head) else { return }
        try await send(response.body)
    }

    private func respond() async throws -> HTTPResponse {
        network.notify(.received(exchange))
        do {
            let response = try await handler.respond(to: exchange.request)
            network.notify(.answered(exchange, status: response.head.status))
            if response.head.status >= 400, let body = response.body.bytes { network.traceRefusal(of: exchange, body) }
            return response
        } catch is HTTPFailure {
            network.notify(.dropped(exchange))
            throw reset
        }
    }

    private func send(_ body: HTTPBody) async throws {
        var sent = 0
        for try await chunk in body {
            for piece in network.pieces(of: chunk) {
                if case .truncated(let limit) = fault, sent + piece.count > limit {
                    try await conversation.sendChunk(Array(piece.prefix(max(0, limit - sent))))
                    try await pause()
                    throw reset
                }
                if sent > 0 { try await pause() }
                while network.isStalled(exchange.authority) { try await network.clock.sleep(for: .seconds(1)) }
                try await conversation.sendChunk(piece)
                sent += piece.count
            }
        }
        if case .truncated = fault { throw reset }
        conversation.finish()
    }

    private func pause() async throws {
        var duration = network.latency(to: exchange.authority)
        if case .slow(let extra) = fault { duration += extra }
        try await network.clock.sleep(for: duration)
    }

    private var reset: HTTPFailure { HTTPFailure(.reset, "\(exchange.authority) reset the connection") }
}
