import Effects
import Logging
import VLLMSimulator

/// Simulated servers: vllm-0, vllm-1 and so on, each at an address of its own.
struct SimulatedFleet: Sendable {
    let servers: [SimulatedServer]
    private let logger: Logger

    /// `count` servers of one configuration.
    init(
        count: Int, _ configuration: ServerConfiguration, time: any TimeSource, random: any RandomSource,
        logger: Logger
    ) {
        servers = (0..<count).map { _ in SimulatedServer(configuration, time: time, random: random) }
        self.logger = logger
    }

    /// Gives every server a socket in a task of `group`, and returns once all of them listen.
    ///
    /// All listen on the port that the first one was given, each at an address of its own.
    func start(in group: inout ThrowingTaskGroup<Void, any Error>) async throws -> [LocalServer] {
        let hosts = servers.indices.map { "127.0.1.\($0 + 1)" }
        let first = try await serve(Array(servers.prefix(1)), at: hosts.prefix(1).map { ($0, 0) }, in: &group)
        guard let port = first.first else { return [] }
        _ = try await serve(Array(servers.dropFirst()), at: hosts.dropFirst().map { ($0, port) }, in: &group)
        return hosts.enumerated().map { LocalServer(name: "vllm-\($0)", host: $1, port: port) }
    }

    /// The same at these places; port 0 takes a free one.
    func start(
        at places: [(host: String, port: Int)], in group: inout ThrowingTaskGroup<Void, any Error>
    ) async throws -> [LocalServer] {
        let ports = try await serve(servers, at: places, in: &group)
        return zip(places, ports).enumerated().map { index, place in
            LocalServer(name: "vllm-\(index)", host: place.0.host, port: place.1)
        }
    }

    /// Serves in a task of `group`, and returns the ports once all listen.
    private func serve(
        _ servers: [SimulatedServer], at places: [(host: String, port: Int)],
        in group: inout ThrowingTaskGroup<Void, any Error>
    ) async throws -> [Int] {
        // A fleet of none would end at once, and with it whatever waits for the first task to end.
        guard !servers.isEmpty else { return [] }
        let (bound, report) = AsyncThrowingStream.makeStream(of: (index: Int, port: Int).self)
        let fleet = VLLMFleet(
            zip(servers, places).map { VLLMFleet.Member($0, host: $1.host, port: $1.port) }, logger: logger)
        group.addTask {
            do {
                try await fleet.run { report.yield(($0, $1)) }
            } catch {
                report.finish(throwing: error)
                throw error
            }
        }
        var ports = places.map(\.port)
        var missing = servers.count
        for try await place in bound {
            ports[place.index] = place.port
            missing -= 1
            if missing == 0 { return ports }
        }
        throw CancellationError()
    }
}
