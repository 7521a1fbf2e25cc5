import KubeAPI
import TestSupport
import Testing

struct JSONFramerTests {
    /// All values in `chunks`, and the error that ended them.
    private func frames(_ chunks: [[UInt8]], limit: Int = JSONFramer.defaultLimit) -> ([String], FramingError?) {
        var framer = JSONFramer(limit: limit)
        var frames: [String] = []
        do {
            for chunk in chunks {
                var index = 0
                while let frame = try framer.next(in: chunk, from: &index) {
                    frames.append(String(decoding: frame, as: UTF8.self))
                }
            }
            if let last = try framer.finish() { frames.append(String(decoding: last, as: UTF8.self)) }
            return (frames, nil)
        } catch {
            return (frames, error)
        }
    }

    @Test(arguments: [
        ("{}\n{}\n", ["{}", "{}"]), ("{}\r\n[1]\r\n", ["{}", "[1]"]), ("{}{}", ["{}", "{}"]),
        (" \n\n{\"a\":1}\t", ["{\"a\":1}"]), ("", []), ("1 true\n\"x\"null", ["1", "true", "\"x\"", "null"]),
        (#"{"a":"}{\"\\"}{"b":"]"}"#, [#"{"a":"}{\"\\"}"#, #"{"b":"]"}"#]),
        (#""\uD83D\uDE00"{"é":"😀"}"#, [#""\uD83D\uDE00""#, #"{"é":"😀"}"#]), ("-1.5e+3", ["-1.5e+3"]),
    ])
    func `2: each value is one frame, whatever stands between`(text: String, expected: [String]) {
        #expect(frames([Array(text.utf8)]).0 == expected)
        #expect(frames(text.utf8.map { [$0] }).0 == expected, "in chunks of one byte")
    }

    @Test(arguments: ["071", "072", "073", "074", "074b", "075", "076", "077"])
    func `1: a watch cut in two anywhere gives the same events`(number: String) throws {
        let transcript = try #require(Transcript.named(number, of: "kubernetes"))
        let events = frames([transcript.body]).0
        #expect(events.map { $0 + "\n" }.joined() == String(decoding: transcript.body, as: UTF8.self))

        // Between events nothing is remembered, so that a cut concerns one event and the next.
        for (first, second) in zip(events, events.dropFirst() + ["{}"]) {
            let text = Array("\(first)\n\(second)\n".utf8)
            for cut in 0...text.count where frames([Array(text[..<cut]), Array(text[cut...])]).0 != [first, second] {
                Issue.record("cut at \(cut)")
            }
        }
    }

    @Test(arguments: ["{\"a\":", "{\"a\":\"x", "{\"a\":\"\\", "[[1]", "\"open"])
    func `5: a value whose end did not come is an error and no frame`(text: String) {
        let (values, error) = frames([Array("{}\n".utf8), Array(text.utf8)])

        #expect(values == ["{}"])
        #expect(error == .truncated)
    }

    @Test func `3: a value beyond the limit ends the stream and what came before it stands`() {
        let (values, error) = frames(["[1]".utf8, "[22".utf8, "22]".utf8].map(Array.init), limit: 4)

        #expect(values == ["[1]"])
        #expect(error == .tooLarge(limit: 4))
        #expect(frames([Array("[22]".utf8)], limit: 4).0 == ["[22]"])
    }

    @Test(arguments: ["}", "\u{FEFF}{}", "\0", "<html>", ",{}", ":"])
    func `6: what cannot begin a value is a typed error`(text: String) {
        guard case .malformed = frames([Array(text.utf8)]).1 else {
            Issue.record("accepted \(text)")
            return
        }
    }

    @Test func `4: a large object in chunks of one byte takes linear time`() {
        let text = "{\"a\":\"" + String(repeating: "x", count: 1_500_000) + "\"}"
        #expect(frames(text.utf8.map { [$0] }).0.first?.utf8.count == text.utf8.count)
    }

    @Test func `6: nesting as deep as it likes needs no stack`() {
        let text = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(frames([Array(text.utf8)]).0.count == 1)
    }
}
