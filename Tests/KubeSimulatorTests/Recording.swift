import Effects
import FoundationEssentials
import KubeSimulator

/// One exchange with a real API server, from `Tests/Fixtures/kubernetes`.
struct Recording: Sendable {
    var name: String
    var method: HTTPRequest.Method
    var target: String
    var headers: [HTTPHeader]
    var body: String
    var status: Int
    var responseHeaders: [HTTPHeader]
    var responseBody: String

    /// All recordings in the order in which they were made.
    static func all() throws -> [Recording] {
        let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/kubernetes")
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path())
        return try names.filter { $0.hasSuffix(".http") }.sorted().compactMap { name in
            Recording(
                String(name.dropLast(5)), try String(contentsOf: directory.appending(path: name), encoding: .utf8))
        }
    }

    static func named(_ name: String) throws -> Recording {
        guard let recording = try all().first(where: { $0.name == name }) else { throw Missing(name: name) }
        return recording
    }

    struct Missing: Error { let name: String }

    private init?(_ name: String, _ text: String) {
        let halves = text.split(separator: "# ---- response ----\n", maxSplits: 1)
        guard halves.count == 2, let start = halves[0].firstRange(of: "# ---- request ----\n")?.upperBound else {
            return nil
        }
        func message(_ text: Substring) -> (String, [HTTPHeader], String) {
            let parts = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
            let lines = parts[0].split(separator: "\n")
            let headers = lines.dropFirst().compactMap { line -> HTTPHeader? in
                let sides = line.split(separator: ": ", maxSplits: 1)
                return sides.count == 2 ? HTTPHeader(String(sides[0]), String(sides[1])) : nil
            }
            var body = parts.count > 1 ? parts[1] : ""
            while body.first == "\n" { body = body.dropFirst() }
            if body.last == "\n" { body = body.dropLast() }
            return (String(lines.first ?? ""), headers, String(body))
        }
        let (requestLine, headers, body) = message(halves[0][start...])
        let (statusLine, responseHeaders, responseBody) = message(halves[1])
        let words = requestLine.split(separator: " ")
        guard words.count == 3, let method = HTTPRequest.Method(rawValue: String(words[0])),
            let status = statusLine.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        self.name = name
        self.method = method
        target = String(words[1])
        self.headers = headers
        self.body = body
        self.status = status
        self.responseHeaders = responseHeaders
        self.responseBody = responseBody
    }
}
