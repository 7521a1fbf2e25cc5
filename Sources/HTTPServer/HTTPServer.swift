package import Effects
package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// An HTTP/1.1 server that asks an ``HTTPHandler``.
///
/// All servers of a process share one event loop thread. A handler's task is cancelled as soon as its client leaves.
package struct HTTPServer: Sendable {
    private let host: String
    private let port: Int
    private let handler: any HTTPHandler
    private let limits: HTTPServerLimits
    private let logger: Logger

    /// A server for `host`, an address such as `127.0.0.1` or `::`, and `port`, where 0 lets the system choose.
    package init(
        host: String, port: Int, handler: any HTTPHandler, limits: HTTPServerLimits = HTTPServerLimits(),
        logger: Logger
    ) {
        self.host = host
        self.port = port
        self.handler = handler
        self.limits = limits
        self.logger = logger
    }

    /// Serves until its task is cancelled; then listener and connections are closed before it returns.
    ///
    /// - Parameter onBound: Called once with the port, as soon as clients can connect.
    /// - Throws: ``HTTPServerError`` when the address cannot be listened on.
    package func run(onBound: @escaping @Sendable (Int) -> Void) async throws {
        let connections = OpenConnections()
        let listener = try await bind(registering: connections)
        defer { connections.closeAll() }
        try await withTaskCancellationHandler {
            try await listener.executeThenClose { accepted in
                onBound(listener.channel.localAddress?.port ?? port)
                try await serve(accepted, connections)
            }
        } onCancel: {
            listener.channel.close(promise: nil)
        }
        guard Task.isCancelled else { throw HTTPServerError("no longer listening on \(host) port \(port)") }
    }

    private func serve(
        _ accepted: NIOAsyncChannelInboundStream<ServerConnection.Channel>, _ connections: OpenConnections
    ) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            defer { group.cancelAll() }
            do {
                for try await channel in accepted {
                    guard connections.count <= limits.connections else {
                        logger.warning("connection beyond the limit", metadata: ["limit": "\(limits.connections)"])
                        connections.close(channel)
                        continue
                    }
                    group.addTask {
                        await ServerConnection(channel: channel, handler: handler, limits: limits, logger: logger).run()
                        connections.close(channel)
                    }
                }
            } catch is CancellationError {
                // The way to stop it.
            }
        }
    }

    private func bind(
        registering connections: OpenConnections
    ) async throws
        -> NIOAsyncChannel<ServerConnection.Channel, Never>
    {
        guard (0...65535).contains(port) else { throw HTTPServerError("port \(port) is not between 0 and 65535") }
        let limits = limits
        do {
            return try await ServerBootstrap(group: EventLoopThread.shared)
                .serverChannelOption(.backlog, value: 256)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelInitializer { channel in
                    // Without it, running out of descriptors would end the listener.
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            AcceptBackoffHandler(shouldForwardIOErrorCaught: false) { _ in .milliseconds(100) })
                    }
                }
                .childChannelOption(.socketOption(.so_keepalive), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .bind(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let connection = try ServerConnection.wrap(channel, limits: limits)
                        connections.add(connection)
                        return connection
                    }
                }
        } catch {
            throw HTTPServerError(listeningOn: host, port: port, error)
        }
    }
}

/// The event loop that every server of this process runs on: they answer a few small requests, and one thread is enough.
private enum EventLoopThread {
    static let shared = MultiThreadedEventLoopGroup(numberOfThreads: 1)
}

extension HTTPServerError {
    fileprivate init(listeningOn host: String, port: Int, _ error: any Error) {
        let isAddressInUse = (error as? IOError)?.errnoCode == EADDRINUSE
        let cause = isAddressInUse ? "another process listens there" : "\(error)"
        self.init("cannot listen on \(host) port \(port): \(cause)", isAddressInUse: isAddressInUse)
    }
}
