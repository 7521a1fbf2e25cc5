import Foundation

/// One connection of a ``RawServer``, as its script sees it: blocking, on the script's thread only.
package final class RawConnection {
    /// Counts the server's connections from 1.
    package let number: Int
    private let socket: RawSocket
    private let log: (RawRequest) -> Void
    private var buffer: [UInt8] = []

    init(socket: RawSocket, number: Int, log: @escaping (RawRequest) -> Void) {
        self.socket = socket
        self.number = number
        self.log = log
    }

    /// Reads one request with its body; nil when the client left.
    @discardableResult
    package func readRequest() -> RawRequest? {
        let end = Array("\r\n\r\n".utf8)
        var head: [UInt8] = []
        while head.isEmpty {
            if let start = buffer.indices.first(where: { buffer[$0...].starts(with: end) }) {
                head = Array(buffer[..<start])
                buffer.removeFirst(start + end.count)
            } else if !fill() {
                return nil
            }
        }
        let lines = String(decoding: head, as: UTF8.self).replacing("\r\n", with: "\n")
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let length = RawRequest(connection: number, lines: lines, body: [])["Content-Length"].flatMap(Int.init) ?? 0
        while buffer.count < length { if !fill() { return nil } }
        let request = RawRequest(connection: number, lines: lines, body: Array(buffer.prefix(length)))
        buffer.removeFirst(length)
        log(request)
        return request
    }

    /// Reads so many bytes; nil when the client left before.
    package func read(_ count: Int) -> [UInt8]? {
        while buffer.count < count { if !fill() { return nil } }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    /// Sends `text` with every line break as CRLF; false when the client left.
    @discardableResult
    package func send(_ text: String) -> Bool { socket.send(Array(text.replacing("\n", with: "\r\n").utf8)) }

    @discardableResult
    package func send(bytes: some Sequence<UInt8>) -> Bool { socket.send(bytes) }

    /// Sends a complete response that keeps the connection.
    @discardableResult
    package func reply(_ status: String = "200 OK", headers: String = "", body: String = "") -> Bool {
        send("HTTP/1.1 \(status)\nContent-Length: \(body.utf8.count)\n\(headers)\n") && send(bytes: Array(body.utf8))
    }

    /// Sends one chunk of a chunked body.
    @discardableResult
    package func sendChunk(_ bytes: [UInt8]) -> Bool {
        socket.send(Array((String(bytes.count, radix: 16) + "\r\n").utf8) + bytes + Array("\r\n".utf8))
    }

    /// Passes all bytes on between the client and `port`, as a proxy does after CONNECT, until one of them closes.
    package func tunnel(to port: Int) {
        guard let server = try? RawSocket.connecting(to: port, waits: true) else { return }
        let (client, isOver) = (socket, DispatchSemaphore(value: 0))
        Thread.detachNewThread {
            while let bytes = server.receive(), client.send(bytes) {}
            client.interrupt()
            isOver.signal()
        }
        while let bytes = client.receive(), server.send(bytes) {}
        server.interrupt()
        isOver.wait()
        server.close()
    }

    /// Waits until the client closes.
    package func waitForClose() { while socket.receive() != nil {} }

    /// The script's end will send RST instead of FIN.
    package func resetOnClose() { socket.resetOnClose() }

    private func fill() -> Bool {
        guard let bytes = socket.receive() else { return false }
        buffer += bytes
        return true
    }
}
