package import Effects
import Foundation

/// One recorded exchange with a real server, from `Tests/Fixtures`.
package struct Transcript: Sendable, CustomStringConvertible {
    /// The file's name without `.http`.
    package var name: String
    package var request: HTTPRequest
    package var response: HTTPResponse
    /// The response's body.
    package var body: [UInt8]

    package var description: String { name }

    /// All recordings of one server (`kubernetes`, `vllm`), by name.
    package static func all(of server: String) -> [Transcript] {
        let directory = fixtures.appendingPathComponent(server)
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return files.sorted().filter { $0.hasSuffix(".http") }.compactMap { file in
            (try? Data(contentsOf: directory.appendingPathComponent(file))).flatMap {
                Transcript(name: String(file.dropLast(5)), text: [UInt8]($0))
            }
        }
    }

    /// The recording whose name is `name` or begins with it and a dash.
    package static func named(_ name: String, of server: String) -> Transcript? {
        all(of: server).first { $0.name == name || $0.name.hasPrefix("\(name)-") }
    }

    private static var fixtures: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures")
    }

    /// Reads a recording: two marker lines, below each a head, a blank line and a body that ends before one line break.
    init?(name: String, text: [UInt8]) {
        guard let requestStart = text.range(after: "# ---- request ----\n"),
            let responseStart = text.range(after: "# ---- response ----\n", from: requestStart)
        else { return nil }
        let requestEnd = responseStart - "# ---- response ----\n".utf8.count
        let request = Message(Array(text[requestStart..<requestEnd]))
        let response = Message(Array(text[responseStart...]))
        let words = request.first.split(separator: " ").map(String.init)
        let status = response.first.split(separator: " ")
        guard words.count > 1, let method = HTTPRequest.Method(rawValue: words[0]), status.count > 1,
            let code = Int(status[1])
        else { return nil }
        self.name = name
        self.request = HTTPRequest(method, words[1], headers: request.headers, body: request.body)
        self.response = HTTPResponse(status: code, headers: response.headers, body: response.body)
        body = response.body
    }
}

private struct Message {
    var first = ""
    var headers: [HTTPHeader] = []
    var body: [UInt8] = []

    init(_ text: [UInt8]) {
        let text = text.filter { $0 != 13 }
        let end = text.range(after: "\n\n") ?? text.count
        let lines = String(decoding: text[..<end], as: UTF8.self).split(separator: "\n")
        first = lines.first.map(String.init) ?? ""
        headers = lines.dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            return HTTPHeader(String(line[..<colon]), String(value))
        }
        body = Array(text[end...])
        if body.last == 10 { body.removeLast() }
    }
}

extension [UInt8] {
    fileprivate func range(after marker: String, from start: Int = 0) -> Int? {
        let marker = Array(marker.utf8)
        guard count >= marker.count else { return nil }
        for index in start...(count - marker.count) where self[index] == marker[0] {
            if self[index..<(index + marker.count)].elementsEqual(marker) { return index + marker.count }
        }
        return nil
    }
}
