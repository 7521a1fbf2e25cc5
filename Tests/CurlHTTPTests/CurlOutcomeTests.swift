import CCurl
import Effects
import Glibc
import Testing

@testable import CurlHTTP

struct CurlOutcomeTests {
    private let request: PreparedRequest

    init() throws { request = try PreparedRequest(HTTPRequest(.get, "http://10.0.0.3:8000/v1?token=secret")) }

    private func kind(
        _ code: CURLcode, errno: Int32 = 0, wasSent: Bool = false, hasHead: Bool = false
    ) -> HTTPFailure.Kind? {
        CurlOutcome(code: code, errno: errno, wasSent: wasSent, hasHead: hasHead).failure(of: request)?.kind
    }

    @Test func `success is no failure`() { #expect(kind(CURLE_OK) == nil) }

    @Test func `a failed connection is told apart by errno`() {
        #expect(kind(CURLE_COULDNT_CONNECT, errno: ECONNREFUSED) == .connectionRefused)
        #expect(kind(CURLE_COULDNT_CONNECT, errno: ETIMEDOUT) == .connectTimeout)
        #expect(kind(CURLE_COULDNT_CONNECT, errno: EMFILE) == .connectFailed)
        #expect(kind(CURLE_OPERATION_TIMEDOUT) == .connectTimeout)
    }

    @Test func `a proxy that refuses is not the server refusing`() throws {
        var options = HTTPOptions()
        options.proxy = .url("http://127.0.0.1:3128")
        let request = try PreparedRequest(HTTPRequest(.get, "http://10.0.0.3", options: options))
        let outcome = CurlOutcome(code: CURLE_COULDNT_CONNECT, errno: ECONNREFUSED)
        #expect(outcome.failure(of: request)?.kind == .connectFailed)
    }

    @Test(arguments: UInt32(1)..<200)
    func `every code is a failure, and none after sending claims that nothing was received`(code: UInt32) throws {
        let outcome = CurlOutcome(code: CURLcode(rawValue: code), errno: ECONNREFUSED, wasSent: true)
        #expect(try #require(outcome.failure(of: request)).mayHaveBeenReceived)
        #expect(kind(CURLcode(rawValue: code)) != nil)
    }

    @Test func `messages name host and port, never the query, and nothing unprintable`() throws {
        var outcome = CurlOutcome(code: CURLE_COULDNT_CONNECT, errno: ECONNREFUSED)
        #expect(
            outcome.failure(of: request)?.message == "could not connect to 10.0.0.3 port 8000: connection refused")
        outcome = CurlOutcome(
            code: CURLE_RECV_ERROR, wasSent: true, detail: "bad\u{1B}[2J" + String(repeating: "x", count: 999))
        let message = try #require(outcome.failure(of: request)).message
        #expect(message.hasPrefix("the connection to 10.0.0.3 port 8000 broke: bad?[2J"))
        #expect(message.utf8.count < 300)
    }
}
