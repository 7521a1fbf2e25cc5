import NIOCore
import Synchronization

/// The connections of one server, so that it can count them and leave none open, not even one it never got to serve.
final class OpenConnections: Sendable {
    private let channels = Mutex<[ObjectIdentifier: ServerConnection.Channel]>([:])

    var count: Int { channels.withLock { $0.count } }

    func add(_ connection: ServerConnection.Channel) {
        channels.withLock { $0[ObjectIdentifier(connection.channel)] = connection }
    }

    func close(_ connection: ServerConnection.Channel) {
        channels.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(connection.channel)) }
        connection.channel.close(promise: nil)
    }

    func closeAll() {
        let rest = channels.withLock { channels in
            defer { channels = [:] }
            return channels.values.map(\.channel)
        }
        for channel in rest { channel.close(promise: nil) }
    }
}
