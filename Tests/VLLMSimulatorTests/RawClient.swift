import Glibc
import Synchronization
import TestSupport

/// A TCP connection that sends and receives exactly what a test says, well-formed or not.
final class RawClient: Sendable {
    enum End: Equatable { case open, orderly, reset }

    private let descriptor: Int32
    private let state = Mutex((received: [UInt8](), end: End.open))

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // What `deinit` closes is not closed here as well: the number might be another's by then.
        if result != 0 { throw ConnectFailed(errno: errno) }
    }

    struct ConnectFailed: Error { var errno: Int32 }

    deinit { close(descriptor) }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[sent...])
                return unsafe Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            sent += count
        }
    }

    /// Leaves, as a client does that has gone away.
    func leave() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// What has come so far.
    var received: String {
        poll()
        return String(decoding: state.withLock { $0.received }, as: UTF8.self)
    }

    /// How the server ended the connection.
    var end: End {
        poll()
        return state.withLock { $0.end }
    }

    func receives(_ text: String) async throws -> Bool { try await eventually { received.contains(text) } }

    func isClosed(within deadline: Duration = .seconds(20)) async throws -> Bool {
        try await eventually(within: deadline) { end != .open }
    }

    private func poll() {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
            }
            let code = errno
            let isDone = state.withLock { state in
                if count > 0 {
                    state.received += buffer.prefix(count)
                } else if count == 0 {
                    if state.end == .open { state.end = .orderly }
                } else if code != EAGAIN {
                    state.end = .reset
                }
                return count <= 0
            }
            if isDone { return }
        }
    }
}
