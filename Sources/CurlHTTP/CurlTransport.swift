package import Effects
import Synchronization

/// HTTP over libcurl: any number of exchanges at once, all on one thread.
///
/// *Guarantees.* A cancelled task leaves at once and its transfer is gone within 100 ms. A reader that is slower than
/// the server holds the server back. Nothing is read from the environment: no proxy variables, no netrc, no redirects followed.
///
/// It speaks HTTP/1.1 only. With libcurl 7.88 and several HTTP/2 streams at once, the last bytes of one stream now and then
/// stayed inside libcurl until the timeout, transfers that waited for a connection (`CURLOPT_PIPEWAIT`) were forgotten when
/// another was removed, and a paused stream went on to fill memory.
///
/// Libcurl repeats a request, whatever its method, when a kept connection turns out to be dead before the first byte of
/// the response; only ``HTTPConnection/fresh`` rules that out. ``HTTPFailure/mayHaveBeenReceived`` accounts for it.
package final class CurlTransport: HTTPTransport {
    private let loop: CurlEventLoop
    private let thread: Mutex<LoopThread?>

    package init() {
        let loop = CurlEventLoop()
        self.loop = loop
        thread = Mutex(LoopThread { loop.run() })
    }

    deinit { shutdown() }

    /// Ends every exchange, closes every connection and waits for the thread, which takes milliseconds.
    ///
    /// Later requests fail with ``HTTPFailure/Kind/gateClosed``. Calling it again does nothing.
    package func shutdown() {
        loop.stop()
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }

    package func withResponse<Value: Sendable>(
        to request: HTTPRequest, _ body: (HTTPResponse) async throws -> Value
    ) async throws -> Value {
        let transfer = Transfer(try PreparedRequest(request))
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            loop.start(transfer)
            defer { drop(transfer) }
            let head = try await transfer.head()
            return try await body(HTTPResponse(head: head, body: self.body(of: transfer)))
        } onCancel: {
            drop(transfer)
        }
    }

    private func body(of transfer: Transfer) -> HTTPBody {
        HTTPBody { [self] in
            try await withTaskCancellationHandler {
                try Task.checkCancellation()
                return try await transfer.nextChunk { loop.resume(transfer) }
            } onCancel: {
                drop(transfer)
            }
        }
    }

    private func drop(_ transfer: Transfer) { if transfer.cancel() { loop.remove(transfer) } }
}
