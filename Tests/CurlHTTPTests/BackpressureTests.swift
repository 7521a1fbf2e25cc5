import CurlHTTP
import Effects
import Synchronization
import TestSupport
import Testing

struct BackpressureTests {
    @Test func `a reader that does not read holds the server back, and gets everything in order`() async throws {
        let total = 64 << 20
        let sent = Mutex(0)
        let script: RawServer.Script = { connection in
            connection.readRequest()
            connection.send("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n")
            for start in stride(from: 0, to: total, by: 64 << 10) {
                let value = UInt8(truncatingIfNeeded: start >> 16)
                guard connection.sendChunk([UInt8](repeating: value, count: 64 << 10)) else { return }
                sent.withLock { $0 += 64 << 10 }
            }
            connection.send("0\n\n")
        }
        try await RawServer.serving(script) { server async throws in
            try await withTransport { transport async throws in
                let request = HTTPRequest.get(server.url) {
                    $0.totalTimeout = nil
                    $0.bodyLimit = .max
                }
                try await transport.withResponse(to: request) { response async throws in
                    // The server is held back when it sends nothing more; all it sent is in the kernel's buffers.
                    var before = -1
                    while sent.withLock({ $0 }) != before {
                        before = sent.withLock { $0 }
                        try await Task.sleep(for: .milliseconds(300))
                    }
                    #expect(before < 24 << 20)

                    var position = 0
                    var largest = 0
                    for try await chunk in response.body {
                        largest = max(largest, chunk.count)
                        let expected = UInt8(truncatingIfNeeded: position >> 16)
                        #expect(chunk.first == expected)
                        position += chunk.count
                    }
                    #expect(position == total)
                    #expect(largest <= 512 << 10)
                }
            }
        }
    }
}
