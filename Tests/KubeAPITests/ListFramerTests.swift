import KubeAPI
import TestSupport
import Testing

struct ListFramerTests {
    private func read(_ chunks: [[UInt8]], limit: Int = 1000) throws(FramingError) -> (items: [String], rest: String) {
        var framer = ListFramer(elementLimit: limit)
        var items: [String] = []
        for chunk in chunks {
            var index = 0
            while let element = try framer.next(in: chunk, from: &index) {
                items.append(String(decoding: element, as: UTF8.self))
            }
        }
        return (items, String(decoding: try framer.envelope(), as: UTF8.self))
    }

    @Test(arguments: [
        (#"{"items":[{"a":[1]},{"b":"]"}],"kind":"L"}"#, [#"{"a":[1]}"#, #"{"b":"]"}"#], #"{"items":[],"kind":"L"}"#),
        (#"{"kind":"L","items":[]}"#, [], #"{"kind":"L","items":[]}"#),
        (#"{"items":null}"#, [], #"{"items":null}"#),
        (#"{ "items" : [ 1 , "x" ] } "#, ["1", "\"x\""], #"{ "items" : [] }"#),
        (#"{"x":{"items":[1]},"items":[2]}"#, ["2"], #"{"x":{"items":[1]},"items":[]}"#),
        (#"{"items":{"a":[1]}}"#, [], #"{"items":{"a":[1]}}"#),
        (#"{"a":"items","b":[1],"items":[2]}"#, ["2"], #"{"a":"items","b":[1],"items":[]}"#),
        (#"{"a\"items":[1]}"#, [], #"{"a\"items":[1]}"#),
    ])
    func `the elements of items are cut out, the rest stays`(text: String, items: [String], rest: String) throws {
        for chunks in [[Array(text.utf8)], text.utf8.map { [$0] }] {
            let result = try read(chunks)
            #expect(result.items == items)
            #expect(result.rest == rest)
        }
    }

    @Test(arguments: [#"{"items":[1"#, #"{"items":[1]"#, "", #"{"a":"#])
    func `5: a list without its end is an error`(text: String) {
        #expect(throws: FramingError.truncated) { try read([Array(text.utf8)]) }
    }

    @Test func `3: an element beyond the limit is an error`() {
        #expect(throws: FramingError.tooLarge(limit: 4)) { try read([Array(#"{"items":["12345"]}"#.utf8)], limit: 4) }
    }

    @Test func `11: rows of a Table are not held without limit`() {
        let text = #"{"rows":["# + String(repeating: "1,", count: ListFramer.envelopeLimit) + "1]}"
        #expect(throws: FramingError.tooLarge(limit: ListFramer.envelopeLimit)) { try read([Array(text.utf8)]) }
    }

    @Test func `recorded lists are cut the same at every place`() throws {
        let transcript = try #require(Transcript.named("061", of: "kubernetes"))
        let whole = try read([transcript.body], limit: 1 << 20)
        #expect(whole.items.count == 3)

        for cut in 0...transcript.body.count {
            let parts = [Array(transcript.body[..<cut]), Array(transcript.body[cut...])]
            let result = try read(parts, limit: 1 << 20)
            if result.items != whole.items || result.rest != whole.rest {
                Issue.record("cut at \(cut)")
                return
            }
        }
    }
}
