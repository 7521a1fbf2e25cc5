import Effects
import NIOCore
import NIOHTTP1

/// Collects one request.
struct RequestReader {
    private let head: HTTPRequestHead
    private let limits: HTTPServerLimits
    private var body: [UInt8] = []
    /// True once the body's end has come.
    private(set) var isComplete = false

    init(head: HTTPRequestHead, limits: HTTPServerLimits) {
        self.head = head
        self.limits = limits
    }

    /// The status that the head alone earns, if any.
    var refusal: Int? {
        let headers = head.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        if head.uri.utf8.count + headers > limits.headBytes { return 431 }
        guard let announced = head.headers.first(name: "content-length") else { return nil }
        guard let length = Int(announced) else { return 400 }
        return length > limits.bodyBytes ? 413 : nil
    }

    var wantsContinue: Bool {
        !head.isOld && head.headers.first(name: "expect")?.lowercased() == "100-continue"
    }

    /// Reads to the end of the body; returns the status to refuse it with where it is too long.
    mutating func readBody(from parts: inout ServerConnection.Parts) async throws -> Int? {
        while let part = try await parts.next(isolation: #isolation) {
            switch part {
            case .head: return 400
            case .body(let bytes):
                guard body.count + bytes.readableBytes <= limits.bodyBytes else { return 413 }
                body.append(contentsOf: bytes.readableBytesView)
            case .end:
                isComplete = true
                return nil
            }
        }
        throw ChannelError.inputClosed
    }

    func request(_ method: HTTPRequest.Method) -> HTTPRequest {
        HTTPRequest(
            method, target, headers: head.headers.map { HTTPHeader($0.name, $0.value) },
            body: body.isEmpty ? nil : body)
    }

    /// Path and query, also where a client behind a proxy setting sends the whole URL.
    private var target: String {
        guard !head.uri.hasPrefix("/"), let authority = head.uri.firstRange(of: "://")?.upperBound else {
            return head.uri
        }
        let rest = head.uri[authority...]
        return rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? "/"
    }
}
