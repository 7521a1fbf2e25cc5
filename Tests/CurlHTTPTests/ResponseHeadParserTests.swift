import Effects
import TestSupport
import Testing

@testable import CurlHTTP

struct ResponseHeadParserTests {
    private func parse(_ lines: [String]) throws -> [HTTPResponseHead] {
        var parser = ResponseHeadParser()
        return try lines.compactMap { try parser.received(line: Array(($0 + "\r\n").utf8)) }
    }

    @Test func `status and headers come in order, repeated names included`() throws {
        let head = try #require(try parse(["HTTP/1.1 404 Not Found", "A: 1", "b:2 ", "A:\t3", ""]).first)
        #expect(head.status == 404)
        #expect(head.headers == [HTTPHeader("A", "1"), HTTPHeader("b", "2"), HTTPHeader("A", "3")])
    }

    @Test func `interim responses and trailers are forgotten`() throws {
        let heads = try parse([
            "HTTP/1.1 100 Continue", "", "HTTP/1.1 103 Early Hints", "Link: x", "", "HTTP/2 200", "A: 1", "",
            "Trailer: 1",
        ])
        #expect(heads.map(\.status) == [200])
        #expect(heads.first?.headers == [HTTPHeader("A", "1")])
    }

    @Test func `a switch of protocols nobody asked for is the answer`() throws {
        #expect(try parse(["HTTP/1.1 101 Switching", ""]).map(\.status) == [101])
    }

    @Test func `a folded line continues the value before it`() throws {
        #expect(try parse(["HTTP/1.1 200 OK", "A: 1", " 2", ""]).first?["a"] == "1 2")
    }

    @Test(arguments: ["", "HTTP/1.1", "HTTP/1.1 20 OK", "HTTP/1.1 +20 OK", "HTTP/1.1 099 X", "FTP/1.1 200 OK", "x"])
    func `what is no status line is refused`(line: String) {
        #expect(throws: ResponseHeadParser.Failure.notHTTP) { try parse([line]) }
    }

    @Test func `a line without a colon is refused`() {
        #expect(throws: ResponseHeadParser.Failure.notHTTP) { try parse(["HTTP/1.1 200 OK", "nonsense"]) }
    }

    @Test func `all lines together hold 64 KiB at most, trailers included`() throws {
        let line = "A: " + String(repeating: "x", count: 1019)
        #expect(throws: ResponseHeadParser.Failure.tooLarge) {
            try parse(["HTTP/1.1 200 OK"] + Array(repeating: line, count: 64))
        }
        #expect(throws: ResponseHeadParser.Failure.tooLarge) {
            try parse(["HTTP/1.1 200 OK", ""] + Array(repeating: line, count: 64))
        }
        #expect(try parse(["HTTP/1.1 200 OK"] + Array(repeating: line, count: 63) + [""]).count == 1)
    }

    @Test(arguments: 0..<200)
    func `any bytes end in a head or an error`(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        var parser = ResponseHeadParser()
        for _ in 0..<20 {
            let line = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                UInt8.random(in: .min ... .max, using: &random)
            }
            _ = try? parser.received(line: line)
            _ = try? parser.received(line: Array("HTTP/1.1 200 OK\r\n".utf8))
        }
    }
}
