import Glibc

/// A blocking TCP socket on the loopback interface: all pointers of the test servers are in this file.
struct RawSocket: Sendable {
    struct Failure: Error { let code: Int32 }

    let descriptor: Int32

    static func listening(backlog: Int32) throws -> (socket: RawSocket, port: Int) {
        let socket = try make()
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard unsafe bind(socket.descriptor, generic, length) == 0 else { return Int32(-1) }
                guard listen(socket.descriptor, backlog) == 0 else { return Int32(-1) }
                return unsafe getsockname(socket.descriptor, generic, &length)
            }
        }
        guard result == 0 else { throw Failure(code: errno) }
        return (socket, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// A connection to `port`; `waits` says whether to wait until it stands.
    static func connecting(to port: Int, waits: Bool) throws -> RawSocket {
        let socket = try make(flags: waits ? 0 : Int32(SOCK_NONBLOCK.rawValue))
        var address = loopback(port: port)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe connect(socket.descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if waits && result != 0 {
            socket.close()
            throw Failure(code: errno)
        }
        return socket
    }

    func accepting() -> RawSocket? {
        let accepted = accept(descriptor, nil, nil)
        guard accepted >= 0 else { return nil }
        // Without it, an answer in two writes would wait 40 ms for the client's acknowledgement.
        var isOn: Int32 = 1
        _ = unsafe setsockopt(
            accepted, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
        return RawSocket(descriptor: accepted)
    }

    /// The next bytes; nil at the end of the connection, however it came.
    func receive() -> [UInt8]? {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
            count = unsafe max(0, recv(descriptor, buffer.baseAddress, buffer.count, 0))
        }
        return bytes.isEmpty ? nil : bytes
    }

    /// Sends everything; false when the peer is gone.
    func send(_ bytes: some Sequence<UInt8>) -> Bool {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let sent = unsafe rest.withUnsafeBytes { buffer in
                unsafe Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    /// Makes `close` send RST instead of FIN.
    func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Wakes whoever is blocked on it.
    func interrupt() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    func close() { _ = Glibc.close(descriptor) }

    private static func make(flags: Int32 = 0) throws -> RawSocket {
        let descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | flags, 0)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        return RawSocket(descriptor: descriptor)
    }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        return address
    }
}
