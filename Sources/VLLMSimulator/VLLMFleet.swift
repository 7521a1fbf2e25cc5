import HTTPServer
package import Logging
import Synchronization

/// Gives simulated servers real sockets, and takes them away while the servers are down.
package struct VLLMFleet: Sendable {
    package struct Member: Sendable {
        package var server: SimulatedServer
        package var host: String
        /// 0 lets the system choose once; the port stays the same when the server comes up again.
        package var port: Int

        package init(_ server: SimulatedServer, host: String = "127.0.0.1", port: Int = 0) {
            self.server = server
            self.host = host
            self.port = port
        }
    }

    private let members: [Member]
    private let idleTimeout: Duration
    private let logger: Logger

    /// A connection without requests is closed after `idleTimeout`; vLLM's is five seconds.
    package init(_ members: [Member], idleTimeout: Duration = .seconds(5), logger: Logger) {
        self.members = members
        self.idleTimeout = idleTimeout
        self.logger = logger
    }

    /// Serves until its task is cancelled.
    ///
    /// - Parameter onBound: Called with a member's index and port whenever it begins to listen.
    /// - Throws: `HTTPServerError` when an address cannot be listened on.
    package func run(onBound: @escaping @Sendable (Int, Int) -> Void) async throws {
        try await withThrowingTaskGroup { group in
            for (index, member) in members.enumerated() {
                group.addTask { try await serve(member) { onBound(index, $0) } }
            }
            try await group.waitForAll()
        }
    }

    private func serve(_ member: Member, onBound: @escaping @Sendable (Int) -> Void) async throws {
        let port = BoundPort(member.port)
        for await value in member.server.listeners.values() where value.isListening {
            var limits = HTTPServerLimits()
            limits.idleTimeout = idleTimeout
            let server = HTTPServer(
                host: member.host, port: port.value, handler: member.server, limits: limits, logger: logger)
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await server.run { bound in
                        port.value = bound
                        onBound(bound)
                    }
                }
                group.addTask {
                    for await later in member.server.listeners.values() where later.closures != value.closures {
                        return
                    }
                }
                try await group.next()
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }
}

/// The port that a member keeps.
private final class BoundPort: Sendable {
    private let state: Mutex<Int>

    init(_ port: Int) { state = Mutex(port) }

    var value: Int {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
