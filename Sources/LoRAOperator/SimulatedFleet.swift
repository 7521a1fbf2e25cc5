import Effects
import Logging
import VLLMSimulator

/// The simulated servers of `local --simulate`: vllm-0, vllm-1 and so on, each at an address of its own.
struct SimulatedFleet: Sendable {
    let servers: [SimulatedServer]
    private let logger: Logger

    init(count: Int, time: any TimeSource, random: any RandomSource, logger: Logger) {
        var configuration = ServerConfiguration()
        // Long enough to be seen in status, short enough not to be waited for.
        configuration.loadDuration = .milliseconds(300)
        servers = (0..<count).map { _ in SimulatedServer(configuration, time: time, random: random) }
        self.logger = logger
    }

    /// Gives every server a socket in a task of `group`, and returns once all of them listen.
    ///
    /// All listen on the port that the first one was given.
    func start(in group: inout ThrowingTaskGroup<Void, any Error>) async throws -> [LocalServer] {
        let (bound, report) = AsyncStream.makeStream(of: Int.self)
        var members = servers.enumerated().map { index, server in
            VLLMFleet.Member(server, host: "127.0.1.\(index + 1)")
        }
        let first = VLLMFleet(Array(members.prefix(1)), logger: logger)
        group.addTask { try await first.run { _, port in report.yield(port) } }
        var ports = bound.makeAsyncIterator()
        guard let port = await ports.next() else { throw CancellationError() }

        for index in members.indices { members[index].port = port }
        if members.count > 1 {
            let rest = VLLMFleet(Array(members.dropFirst()), logger: logger)
            group.addTask { try await rest.run { _, port in report.yield(port) } }
            for _ in members.dropFirst() { _ = await ports.next() }
        }
        report.finish()
        return members.enumerated().map { LocalServer(name: "vllm-\($0)", address: $1.host, port: port) }
    }
}

/// Lets people break and mend simulated servers: `POST /simulator/vllm-1/stop`, `start` or `restart`; a `GET` of
/// `/simulator/vllm-1` tells what it holds.
struct FleetControl: HTTPHandler {
    var prefix: String
    var fleet: SimulatedFleet
    /// Answers everything else.
    var next: any HTTPHandler

    func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        let path = request.url.prefix { $0 != "?" }
        guard path.hasPrefix(prefix + "/simulator/") else { return try await next.respond(to: request) }
        let words = path.dropFirst(prefix.count + "/simulator/".count).split(separator: "/")
        guard let name = words.first, let number = Int(name.trimmingPrefix("vllm-")),
            fleet.servers.indices.contains(number)
        else { return answer(404, "there is no such server") }
        let server = fleet.servers[number]
        if request.method == .get, words.count == 1 {
            let names = server.adapters.map { "\($0.name) from \($0.path)" }.sorted()
            return answer(200, names.isEmpty ? "no adapters" : names.joined(separator: ", "))
        }
        guard request.method == .post, words.count == 2 else {
            return answer(404, "write POST /simulator/vllm-0/stop, start or restart")
        }
        switch words[1] {
        case "stop": server.goDown()
        case "start": server.comeUp()
        case "restart": server.restart()
        default: return answer(404, "a simulated server can stop, start and restart")
        }
        return answer(200, "\(words[0]): \(words[1])")
    }

    private func answer(_ status: Int, _ message: String) -> HTTPResponse {
        let body = "{\"message\":\(LineLogHandler.quoted(message))}\n"
        return HTTPResponse(
            status: status, headers: [HTTPHeader("Content-Type", "application/json")], body: Array(body.utf8))
    }
}
