import CCurl
import Effects

/// A transfer while libcurl works on it; lives on the loop's thread only.
final class RunningTransfer {
    enum BodyAnswer { case accept, pause, abort }

    let transfer: Transfer
    let handle = CurlEasyHandle()
    private var parser = ResponseHeadParser()
    private var timers: TransferTimers
    private var bytesReceived = 0
    private var bodyCount = 0
    private var wasSent = false
    private var isPaused = false
    /// Why a callback refused what came.
    private var refusal: HTTPFailure?

    init(_ transfer: Transfer, cache: CurlConnectionCache?) throws(CurlError) {
        self.transfer = transfer
        let options = transfer.request.options
        timers = TransferTimers(started: transfer.started, total: options.totalTimeout, idle: options.idleTimeout)
        try handle.configure(for: transfer.request)
        if let cache { try handle.useCache(cache) }
        try handle.setReceiver(self)
    }

    // MARK: Callbacks of libcurl

    /// Returns false to give up.
    func isAboutToSend() -> Bool {
        do throws(HTTPFailure) {
            try transfer.request.options.gate?.check()
            wasSent = true
            return true
        } catch {
            // What went out once on a connection that broke may have been received.
            let target = transfer.request.target
            refusal = wasSent ? HTTPFailure(.reset, "the connection to \(target) broke; \(error.message)") : error
            return false
        }
    }

    /// Returns false to give up.
    func received(headerLine line: [UInt8]) -> Bool {
        bytesReceived &+= line.count
        do throws(ResponseHeadParser.Failure) {
            if let head = try parser.received(line: line) { transfer.received(head: head) }
            return true
        } catch {
            let target = transfer.request.target
            switch error {
            case .tooLarge: refusal = .headersTooLarge(target)
            case .notHTTP:
                refusal = HTTPFailure(
                    .invalidResponse, "the answer of \(target) is not valid HTTP: a malformed header line")
            }
            return false
        }
    }

    func received(body: [UInt8]) -> BodyAnswer {
        bytesReceived &+= body.count
        let limit = transfer.request.options.bodyLimit
        guard body.count <= limit - bodyCount else {
            refusal = HTTPFailure(
                .tooLarge, "the response body of \(transfer.request.target) exceeds \(limit) bytes")
            return .abort
        }
        let answer = transfer.received(body: body)
        switch answer {
        case .accept: bodyCount += body.count
        case .pause: isPaused = true
        case .abort: break
        }
        return answer
    }

    // MARK: The loop

    func resume() throws(CurlError) {
        guard isPaused else { return }
        isPaused = false
        try handle.resume()
    }

    /// Why libcurl's `code` ended it, or nil for success.
    func failure(for code: CURLcode) -> HTTPFailure? {
        if let refusal { return refusal }
        if code == CURLE_OK && !parser.isComplete {
            return HTTPFailure(.reset, "the connection to \(transfer.request.target) broke within the headers")
        }
        let outcome = CurlOutcome(
            code: code, errno: handle.connectErrno, wasSent: wasSent, hasHead: parser.isComplete,
            detail: handle.errorDetail)
        return outcome.failure(of: transfer.request)
    }

    /// The deadline that has passed at `now`, and else how long until one may.
    func expiry(at now: ContinuousClock.Instant) -> (failure: HTTPFailure?, remaining: Duration?) {
        let (expiry, remaining) = timers.check(
            at: now, bytesReceived: bytesReceived, waitsForServer: wasSent && !isPaused)
        let target = transfer.request.target
        let failure: HTTPFailure? =
            switch expiry {
            case .total(let limit) where wasSent:
                HTTPFailure(.requestTimeout, "no complete response from \(target) within \(limit.brief)")
            case .total(let limit):
                HTTPFailure(.connectTimeout, "could not connect to \(target) within \(limit.brief)")
            case .idle(let limit): HTTPFailure(.idleTimeout, "not one byte from \(target) for \(limit.brief)")
            case nil: nil
            }
        return (failure, remaining)
    }
}
