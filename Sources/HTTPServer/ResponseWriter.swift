import Effects
import Glibc
import NIOCore
import NIOHTTP1

/// Writes the response to one request, and waits for each flush.
struct ResponseWriter {
    let channel: any Channel
    let request: HTTPRequestHead

    /// Returns false when the connection has to be closed after it.
    func write(_ response: HTTPResponse, close: Bool) async throws -> Bool {
        guard let bytes = response.body.bytes else { return try await stream(response, close: close) }
        channel.write(head(of: response, close: close), promise: nil)
        if request.method != .HEAD, response.mayHaveBody, !bytes.isEmpty {
            channel.write(part(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
        }
        try await channel.writeAndFlush(part(.end(nil))).get()
        return !close
    }

    func writeContinue() async throws {
        try await channel.writeAndFlush(part(.head(.init(version: .http1_1, status: .continue)))).get()
    }

    /// Closes so that the client sees a broken connection, not an orderly end.
    func reset() async throws {
        try await (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try await channel.close().get()
    }

    private func stream(_ response: HTTPResponse, close: Bool) async throws -> Bool {
        // HTTP/1.0 knows no chunks: there the end of the connection is the end of the body.
        let close = close || request.isOld
        try await channel.writeAndFlush(head(of: response, close: close)).get()
        if request.method != .HEAD, response.mayHaveBody {
            do {
                for try await chunk in response.body where !chunk.isEmpty {
                    let body = part(.body(.byteBuffer(ByteBuffer(bytes: chunk))))
                    try await channel.writeAndFlush(body).get()
                }
                try Task.checkCancellation()
            } catch {
                try await reset()
                throw error
            }
        }
        try await channel.writeAndFlush(part(.end(nil))).get()
        return !close
    }

    private func head(of response: HTTPResponse, close: Bool) -> HTTPServerResponsePart {
        var headers = HTTPHeaders(response.head.headers.map { ($0.name, $0.value) })
        for name in ["connection", "content-length", "transfer-encoding"] { headers.remove(name: name) }
        if response.mayHaveBody {
            if let bytes = response.body.bytes {
                headers.add(name: "content-length", value: "\(bytes.count)")
            } else if !request.isOld, request.method != .HEAD {
                headers.add(name: "transfer-encoding", value: "chunked")
            }
        }
        if close {
            headers.add(name: "connection", value: "close")
        } else if request.isOld {
            headers.add(name: "connection", value: "keep-alive")
        }
        return .head(.init(version: .http1_1, status: .init(statusCode: response.head.status), headers: headers))
    }

    /// Gives the type that the pipeline wants to a literal.
    private func part(_ part: HTTPServerResponsePart) -> HTTPServerResponsePart { part }
}

extension HTTPResponse {
    fileprivate var mayHaveBody: Bool { head.status >= 200 && head.status != 204 && head.status != 304 }
}

extension HTTPRequestHead {
    /// True for HTTP/1.0 and before: no chunks, no `100 Continue`.
    var isOld: Bool { version.major < 1 || (version.major == 1 && version.minor == 0) }
}
