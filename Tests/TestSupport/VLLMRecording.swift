package import Effects
import FoundationEssentials

/// One exchange with a real vLLM server, as recorded under `Tests/Fixtures/vllm`.
package struct VLLMRecording: Sendable, CustomStringConvertible {
    /// The file's name without extension; the numbers in front give the order.
    package var name: String
    /// Its `url` is the target, path and query, and its lengths are those from before paths were renamed.
    package var request: HTTPRequest
    package var response: HTTPReply

    package var description: String { name }

    /// All recordings that hold a request and its response, in order.
    package static func all() throws -> [VLLMRecording] {
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/vllm")
        let names = try FileManager.default.contentsOfDirectory(atPath: fixtures.path())
        return try names.filter { $0.hasSuffix(".http") }.sorted().compactMap { name in
            let text = try String(contentsOf: fixtures.appending(path: name), encoding: .utf8)
            return VLLMRecording(name: String(name.dropLast(5)), text)
        }
    }

    /// Nil where no request was recorded, or nothing answered.
    private init?(name: String, _ text: String) {
        let halves = text.split(separator: "# ---- response ----\n", maxSplits: 1)
        guard halves.count == 2, let start = halves[0].firstRange(of: "# ---- request ----\n")?.upperBound,
            let (line, headers, body) = Self.message(halves[0][start...].dropLast()),
            let (statusLine, answerHeaders, answer) = Self.message(halves[1].dropLast()),
            let status = statusLine.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        let words = line.split(separator: " ")
        guard words.count == 3, let method = HTTPRequest.Method(rawValue: String(words[0])) else { return nil }
        self.name = name
        // The recorder left one more empty line before a request's body.
        let requestBody = Array(body.dropFirst().utf8)
        request = HTTPRequest(
            method, String(words[1]), headers: headers, body: requestBody.isEmpty ? nil : requestBody)
        response = HTTPReply(
            head: HTTPResponseHead(status: status, headers: answerHeaders), body: Array(answer.utf8))
    }

    private static func message(_ text: Substring) -> (line: Substring, headers: [HTTPHeader], body: Substring)? {
        let split = text.firstRange(of: "\n\n")
        var lines = text[..<(split?.lowerBound ?? text.endIndex)].split(separator: "\n")
        guard !lines.isEmpty else { return nil }
        let first = lines.removeFirst()
        let headers = lines.compactMap { line -> HTTPHeader? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            return HTTPHeader(String(line[..<colon]), String(value))
        }
        return (first, headers, split.map { text[$0.upperBound...] } ?? "")
    }
}
