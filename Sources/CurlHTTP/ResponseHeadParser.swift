import Effects

/// Makes response heads of the header lines that libcurl passes on, one call per line.
///
/// Libcurl passes on the lines of every head: of interim responses (1xx) and trailers too.
struct ResponseHeadParser {
    enum Failure: Error, Equatable { case tooLarge, notHTTP }

    /// What all header lines of an exchange may hold together, interim responses and trailers included.
    static let byteLimit = 64 << 10

    private var byteCount = 0
    private var status: Int?
    private var headers: [HTTPHeader] = []
    private(set) var isComplete = false

    /// Takes one line with its line break; returns the final response's head at the blank line that ends it.
    mutating func received(line: [UInt8]) throws(Failure) -> HTTPResponseHead? {
        guard line.count <= Self.byteLimit - byteCount else { throw .tooLarge }
        byteCount += line.count
        guard !isComplete else { return nil }

        let text = String(decoding: line.trimmingSuffix { $0 == 0x0D || $0 == 0x0A }, as: UTF8.self)
        guard let status else {
            self.status = try Self.status(in: text)
            return nil
        }
        if text.isEmpty { return endOfHead(status) }
        if text.hasPrefix(" ") || text.hasPrefix("\t") {
            fold(text)
        } else if let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) {
            headers.append(
                HTTPHeader(
                    String(text[..<colon]), String(text[text.utf8.index(after: colon)...].trimmingHTTPWhitespace())))
        } else {
            throw .notHTTP
        }
        return nil
    }

    /// A 1xx head is forgotten, but for 101: nobody asked to switch protocols, so it is the answer.
    private mutating func endOfHead(_ status: Int) -> HTTPResponseHead? {
        defer {
            self.status = nil
            headers = []
        }
        if (100..<200).contains(status) && status != 101 { return nil }
        isComplete = true
        return HTTPResponseHead(status: status, headers: headers)
    }

    /// RFC 9112 section 5.2: a line that starts with white space continues the value before it.
    private mutating func fold(_ text: String) {
        guard var last = headers.popLast() else { return }
        last.value += " " + text.trimmingHTTPWhitespace()
        headers.append(last)
    }

    private static func status(in line: String) throws(Failure) -> Int {
        let words = line.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count >= 2, words[0].hasPrefix("HTTP/"), words[1].utf8.count == 3, let status = Int(words[1]),
            (100..<1000).contains(status)
        else { throw .notHTTP }
        return status
    }
}

extension StringProtocol {
    /// Without the spaces and tabs around it (RFC 9110 calls them optional white space).
    func trimmingHTTPWhitespace() -> SubSequence {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}

extension Array {
    fileprivate func trimmingSuffix(while matches: (Element) -> Bool) -> ArraySlice<Element> {
        var rest = self[...]
        while let last = rest.last, matches(last) { rest.removeLast() }
        return rest
    }
}
