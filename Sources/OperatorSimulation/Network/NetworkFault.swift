import DynamicJSON
package import Effects

/// What can happen to one exchange.
package enum NetworkFault: Hashable, Sendable {
    /// Nobody listens.
    case refused
    /// Packets vanish: no connection within `connectTimeout`. Streams that stand get nothing more.
    case blackhole
    /// The connection stands, the server never reads the request. Streams that stand get nothing more.
    case hang
    /// The server reads and acts; its answer never comes.
    case answerHangs
    /// Reset before the server acted.
    case resetBefore
    /// Reset after the server acted: the answer is lost.
    case resetAfter
    /// Everything, each piece of the body included, takes this much longer.
    case slow(Duration)
    /// Sent twice, as libcurl replays a request on a kept connection that died; the first answer is lost.
    /// A request on a ``HTTPConnection/fresh`` connection is not replayed.
    case duplicated
    /// The connection closes after so many bytes of the body.
    case truncated(after: Int)
}

/// The way to one authority.
package struct Link: Sendable {
    /// Of each direction.
    package var latency: ClosedRange<Duration> = .microseconds(100)...(.milliseconds(3))
    /// Befalls every exchange until it is taken away.
    package var fault: NetworkFault?
    /// How many of 1,000 exchanges meet one of `faults`.
    package var faultPermille = 0
    package var faults: [NetworkFault] = []

    package init() {}
}

/// A request under way, as observers see it.
///
/// One for all who look at it: copies of a whole request at every step would cost more than the step.
package final class Exchange: Sendable {
    package let id: Int
    /// Who sent it; empty for the environment's own requests.
    package let process: String
    package let authority: String
    /// As the server sees it: `url` holds path and query.
    package let request: HTTPRequest
    /// Numbers what a process sends that is not safe, from 1.
    package let effect: Int?
    /// The body, read once for all who judge it; null where it is no JSON.
    let json: JSONValue
    /// The names between the slashes of the path, cut once for all who ask what the request is about.
    let segments: [Substring]

    init(id: Int, process: String, authority: String, request: HTTPRequest, effect: Int?) {
        self.id = id
        self.process = process
        self.authority = authority
        self.request = request
        self.effect = effect
        json = request.body.flatMap { JSONValue(parsing: $0) } ?? .null
        let path = request.url.utf8.prefix { $0 != UInt8(ascii: "?") }
        segments = path.split(separator: UInt8(ascii: "/")).map { Substring($0) }
    }

    /// `operator-1 POST 10.0.0.1:8000/v1/load_lora_adapter`.
    package var label: String {
        let sender = process.isEmpty ? "" : process + " "
        let number = effect.map { " #\($0)" } ?? ""
        return "\(sender)\(request.method.rawValue) \(authority)\(request.url)\(number)"
    }
}

/// What observers of a ``SimulatedNetwork`` are told, at that very moment.
package enum NetworkEvent: Sendable {
    /// The client began.
    case sent(Exchange)
    /// The server's handler is about to see it.
    case received(Exchange)
    /// The handler returned; whether the answer arrives is open.
    case answered(Exchange, status: Int)
    /// The handler dropped the connection, having done what it was asked or not.
    case dropped(Exchange)
    /// The client is done with it, for better or worse; `failure` where it got no answer.
    case ended(Exchange, failure: HTTPFailure?)
}
