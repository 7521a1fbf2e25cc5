import Effects
import Logging
import NIOCore
import NIOHTTP1

/// One client's connection: reads its requests one after the other, and answers each before it looks at the next.
struct ServerConnection: Sendable {
    typealias Channel = NIOAsyncChannel<HTTPServerRequestPart, Never>
    typealias Parts = NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator

    let channel: Channel
    let handler: any HTTPHandler
    let limits: HTTPServerLimits
    let logger: Logger

    /// Puts HTTP on a new connection.
    static func wrap(_ channel: any NIOCore.Channel, limits: HTTPServerLimits) throws -> Channel {
        let pipeline = channel.pipeline.syncOperations
        // Both hold for the request line too.
        var decoder = NIOHTTPDecoderLimitConfiguration()
        decoder.maxHeaderListSize = limits.headBytes
        decoder.maxHeaderFieldSize = limits.headBytes
        var encoder = HTTPResponseEncoder.Configuration()
        encoder.automaticallySetFramingHeaders = false
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false, withEncoderConfiguration: encoder,
            withDecoderLimitConfiguration: decoder)
        try pipeline.addHandler(ConnectionGuard(limits: limits))
        return try Channel(wrappingChannelSynchronously: channel)
    }

    /// Serves until the client leaves, the connection has to be closed, or the task is cancelled.
    func run() async {
        let connection = channel.channel
        await withTaskCancellationHandler {
            await withTaskGroup { group in
                group.addTask { await serve() }
                group.addTask { try? await connection.closeFuture.get() }
                await group.next()
                group.cancelAll()
            }
        } onCancel: {
            connection.close(promise: nil)
        }
    }

    private func serve() async {
        do {
            try await channel.executeThenClose { inbound in
                var parts = inbound.makeAsyncIterator()
                while let part = try await parts.next(isolation: #isolation) {
                    guard case .head(let head) = part else { continue }
                    guard try await exchange(head, &parts) else { break }
                }
            }
        } catch {
            logger.debug("connection ended", metadata: ["error": "\(error)"])
        }
    }

    /// Answers one request; false when the connection is to be closed.
    private func exchange(_ head: HTTPRequestHead, _ parts: inout Parts) async throws -> Bool {
        let writer = ResponseWriter(channel: channel.channel, request: head)
        var reader = RequestReader(head: head, limits: limits)
        guard let method = HTTPRequest.Method(rawValue: head.method.rawValue) else {
            return try await refuse(501, writer, reader, &parts)
        }
        if let status = reader.refusal { return try await refuse(status, writer, reader, &parts) }
        if reader.wantsContinue { try await writer.writeContinue() }
        if let status = try await reader.readBody(from: &parts) {
            return try await refuse(status, writer, reader, &parts)
        }

        let response: HTTPResponse
        do {
            response = try await handler.respond(to: reader.request(method))
        } catch let failure as HTTPFailure {
            logger.debug("connection dropped", metadata: ["error": "\(failure)"])
            try await writer.reset()
            return false
        } catch is CancellationError {
            return false
        } catch {
            // Not its target, part of which may be a secret.
            logger.error("request failed", metadata: ["http.method": "\(head.method)", "error": "\(error)"])
            response = HTTPResponse(status: 500)
        }
        // After an offer to speak another protocol the decoder reads no further request.
        return try await writer.write(response, close: !head.isKeepAlive || head.headers.contains(name: "upgrade"))
    }

    /// Answers and closes; what the client is still sending is read first, lest closing take the answer from it.
    private func refuse(
        _ status: Int, _ writer: ResponseWriter, _ reader: RequestReader, _ parts: inout Parts
    ) async throws -> Bool {
        _ = try await writer.write(HTTPResponse(status: status), close: true)
        guard !reader.isComplete else { return false }
        var rest = limits.bodyBytes * 4
        while rest > 0, let part = try await parts.next(isolation: #isolation) {
            guard case .body(let bytes) = part else { break }
            rest -= bytes.readableBytes
        }
        return false
    }
}
