import NIOCore
import NIOHTTP1

/// Closes connections that keep the server waiting, and answers what is not HTTP.
final class ConnectionGuard: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: HTTPServerLimits
    private var deadline: Scheduled<Void>?
    private var stall: Scheduled<Void>?
    private var unwritten = 0
    /// Requests whose head has come and whose response has not ended.
    private var unanswered = 0
    private var isReceiving = false
    private var isResponding = false

    init(limits: HTTPServerLimits) { self.limits = limits }

    func channelActive(context: ChannelHandlerContext) {
        setDeadline(limits.idleTimeout, context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        stall?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            unanswered += 1
            isReceiving = true
            setDeadline(limits.bodyTimeout, context)
        case .body: break
        case .end:
            isReceiving = false
            if unanswered > 0 { deadline?.cancel() } else { setDeadline(limits.idleTimeout, context) }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head): isResponding = head.status != .continue
        case .body: break
        case .end:
            isResponding = false
            unanswered = max(0, unanswered - 1)
            if unanswered == 0, !isReceiving { setDeadline(limits.idleTimeout, context) }
        }
        let promise = promise ?? context.eventLoop.makePromise()
        context.write(data, promise: promise)
        wait(for: promise.futureResult, context)
    }

    /// Closes the connection unless something more is written within the time that a client may stall.
    private func wait(for write: EventLoopFuture<Void>, _ context: ChannelHandlerContext) {
        unwritten += 1
        if unwritten == 1 { stall = scheduleClose(limits.stallTimeout, context) }
        write.assumeIsolated().whenComplete { [self] _ in
            unwritten -= 1
            stall?.cancel()
            if unwritten > 0 { stall = scheduleClose(limits.stallTimeout, context) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError, canAnswer {
            let status: HTTPResponseStatus = error == .headerOverflow ? .requestHeaderFieldsTooLarge : .badRequest
            let headers = HTTPHeaders([("connection", "close"), ("content-length", "0")])
            let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        context.close(promise: nil)
    }

    /// True where an answer sent now would be taken as that to the request that is broken.
    private var canAnswer: Bool { !isResponding && unanswered == (isReceiving ? 1 : 0) }

    private func setDeadline(_ timeout: Duration, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = scheduleClose(timeout, context)
    }

    private func scheduleClose(_ timeout: Duration, _ context: ChannelHandlerContext) -> Scheduled<Void> {
        let channel = context.channel
        return context.eventLoop.scheduleTask(in: TimeAmount(timeout)) { channel.close(promise: nil) }
    }
}
