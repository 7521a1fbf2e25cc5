import NIOCore
import NIOHTTP1

/// Counts the bytes that led to nothing yet: what the HTTP decoder buffers, a request line without end above all.
final class HeadLimit: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let limit: Int
    private var undecodedBytes = 0
    private var isExceeded = false

    init(_ limit: Int) { self.limit = limit }

    /// To be called for each part of a request that the decoder completed.
    func decodedPart() { undecodedBytes = 0 }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isExceeded else { return }
        guard undecodedBytes <= limit else {
            isExceeded = true
            context.fireErrorCaught(HTTPParserError.headerOverflow)
            return
        }
        undecodedBytes += unwrapInboundIn(data).readableBytes
        context.fireChannelRead(data)
    }
}
