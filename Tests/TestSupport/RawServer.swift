import Foundation
import Synchronization

/// A TCP server that runs one script per connection and says exactly what the script says, byte for byte.
///
/// Scripts run on threads of their own and may block; `stop()` interrupts them.
package final class RawServer: Sendable {
    package typealias Script = @Sendable (RawConnection) -> Void

    private struct State {
        var accepted = 0
        var open: [Int: RawSocket] = [:]
        var requests: [RawRequest] = []
        var isStopped = false
    }

    package let port: Int
    private let listener: RawSocket
    private let state = Mutex(State())

    /// Whether ``requests`` keeps what came.
    private let remembers: Bool

    package init(backlog: Int32 = 128, remembers: Bool = true, _ script: @escaping Script) throws {
        self.remembers = remembers
        (listener, port) = try RawSocket.listening(backlog: backlog)
        Thread.detachNewThread { [self] in acceptConnections(script) }
    }

    /// Runs `body` with a server that is stopped afterwards.
    package static func serving<Value>(
        _ script: @escaping Script, _ body: (RawServer) async throws -> Value
    ) async throws -> Value {
        let server = try RawServer(script)
        defer { server.stop() }
        return try await body(server)
    }

    package var url: String { "http://127.0.0.1:\(port)" }

    /// How many connections were accepted so far.
    package var acceptCount: Int { state.withLock { $0.accepted } }

    /// How many connections stand now.
    package var openCount: Int { state.withLock { $0.open.count } }

    /// Every request that scripts read so far.
    package var requests: [RawRequest] { state.withLock { $0.requests } }

    /// Stops listening and interrupts every script.
    package func stop() {
        state.withLock { state in
            if !state.isStopped { listener.interrupt() }
            state.isStopped = true
            for socket in state.open.values { socket.interrupt() }
        }
    }

    private func acceptConnections(_ script: @escaping Script) {
        while let socket = listener.accepting() {
            let number = state.withLock { state in
                state.accepted += 1
                state.open[state.accepted] = socket
                if state.isStopped { socket.interrupt() }
                return state.accepted
            }
            Thread.detachNewThread { [self] in
                script(RawConnection(socket: socket, number: number, log: { self.record($0) }))
                state.withLock { state in
                    state.open[number] = nil
                    socket.close()
                }
            }
        }
        listener.close()
    }

    private func record(_ request: RawRequest) {
        if remembers { state.withLock { $0.requests.append(request) } }
    }
}

/// What a client sent, as it came over the wire.
package struct RawRequest: Sendable {
    /// Number of the connection, from 1.
    package let connection: Int
    /// Request line and header lines, without line breaks.
    package let lines: [String]
    package let body: [UInt8]

    /// The first header of that name, whatever its case.
    package subscript(name: String) -> String? {
        let prefix = name.lowercased() + ":"
        return lines.dropFirst().first { $0.lowercased().hasPrefix(prefix) }
            .map { $0.dropFirst(prefix.count).trimmingCharacters(in: .whitespaces) }
    }
}
