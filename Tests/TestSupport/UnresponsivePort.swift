/// A port that takes no connection and refuses none: its listener's queue is full and nobody accepts.
package final class UnresponsivePort: Sendable {
    package let port: Int
    private let sockets: [RawSocket]

    package init() throws {
        let (listener, port) = try RawSocket.listening(backlog: 0)
        self.port = port
        // Linux queues one connection more than asked; the others wait in their handshake for good.
        sockets = try [listener] + (0..<3).map { _ in try RawSocket.connecting(to: port, waits: false) }
    }

    deinit { for socket in sockets { socket.close() } }
}

/// A port on which nobody listens.
package func unusedPort() throws -> Int {
    let (listener, port) = try RawSocket.listening(backlog: 1)
    listener.close()
    return port
}

/// Whether somebody listens on `port`.
package func canConnect(to port: Int) -> Bool {
    guard let socket = try? RawSocket.connecting(to: port, waits: true) else { return false }
    socket.close()
    return true
}
