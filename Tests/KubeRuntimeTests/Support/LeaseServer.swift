import DynamicJSON
import Effects
import KubeAPI
import Synchronization
import TestSupport

/// An API server that holds one Lease, with versions, conflicts and outages.
final class LeaseServer: Sendable {
    struct State {
        var spec: [String: JSONValue]?
        var version = 100
        var uid = 0
        /// Who gets no answer: the client's name is in the User-Agent.
        var cutOff: Set<String> = []
        /// Requests of these wait for ever.
        var hung: Set<String> = []
        /// Writes of these happen, but their answers are lost.
        var deaf: Set<String> = []
        var log: [String] = []
        /// How long an answer takes.
        var latency = Duration.zero
    }

    private let state = Mutex(State())
    private let time: VirtualTime

    init(time: VirtualTime) { self.time = time }

    var holder: String? {
        state.withLock { state in
            if case .string(let holder) = state.spec?["holderIdentity"] { holder } else { nil }
        }
    }

    var spec: [String: JSONValue]? { state.withLock { $0.spec } }

    var log: [String] { state.withLock { $0.log } }

    func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            state.version += 1
        }
    }

    /// From now on an answer takes so long; the Lease stays as it is.
    func slow(to latency: Duration) { state.withLock { $0.latency = latency } }

    var transport: ScriptedTransport {
        ScriptedTransport([]) { request in
            let client = request.headers.first(named: "User-Agent") ?? ""
            if self.state.withLock({ $0.hung.contains(client) }) { try await waitUntilCancelled() }
            if self.state.withLock({ $0.cutOff.contains(client) }) {
                throw HTTPFailure(.connectTimeout, "no way to the server")
            }
            if request.url.contains("watch=true") { return self.watch(request, client) }
            // Half of it on the way there, half on the way back; who does not wait so long has written all the same.
            let latency = self.state.withLock { $0.latency }
            let patience = request.options.totalTimeout ?? latency
            try await self.time.sleep(for: min(latency / 2, patience))
            let answer = self.answer(request, client)
            try await self.time.sleep(for: min(latency, patience) - min(latency / 2, patience))
            if latency > patience { throw HTTPFailure(.requestTimeout, "no answer within \(patience)") }
            if request.method != .get, self.state.withLock({ $0.deaf.contains(client) }) {
                throw HTTPFailure(.reset, "the answer was lost")
            }
            return answer
        }
    }

    /// Tells each change that a look every 100 ms notices.
    private func watch(_ request: HTTPRequest, _ client: String) -> HTTPResponse {
        let told = Mutex(state.withLock { $0.version })
        state.withLock { $0.log.append("\(client) WATCH") }
        let head = HTTPResponseHead(status: 200, headers: [HTTPHeader("Content-Type", "application/json")])
        return HTTPResponse(
            head: head,
            body: HTTPBody { [self] in
                while true {
                    let isCut = state.withLock { $0.cutOff.contains(client) || $0.hung.contains(client) }
                    if isCut { try await waitUntilCancelled() }
                    let version = state.withLock { $0.version }
                    if told.withLock({ $0 }) != version {
                        told.withLock { $0 = version }
                        let lease = answer(HTTPRequest(.get, request.url), "")
                        let type = lease.head.status == 200 ? "MODIFIED" : "DELETED"
                        let object = lease.head.status == 200 ? lease.body.bytes ?? [] : Array(Self.nothing.utf8)
                        return Array(#"{"type":"\#(type)","object":"#.utf8) + object + Array("}".utf8)
                    }
                    try await time.sleep(for: .milliseconds(100))
                }
            })
    }

    private static let nothing =
        #"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"op"},"spec":{}}"#

    private func answer(_ request: HTTPRequest, _ client: String) -> HTTPResponse {
        state.withLock { state in
            if !client.isEmpty { state.log.append("\(client) \(request.method.rawValue)") }
            let body = (try? JSON.decode(JSONValue.self, from: request.body ?? [])) ?? .null
            switch request.method {
            case .get: break
            case .post:
                guard state.spec == nil else { return Self.refusal(409, "AlreadyExists") }
                state.version += 1
                state.uid += 1
                state.spec = body["spec"]?.objectValue ?? [:]
            default:
                guard let spec = state.spec else { return Self.refusal(404, "NotFound") }
                guard body["metadata", "resourceVersion"] == .string(String(state.version)) else {
                    return Self.refusal(409, "Conflict")
                }
                state.version += 1
                state.spec = spec.merging(body["spec"]?.objectValue ?? [:]) { $1 }.filter { $0.value != .null }
            }
            guard let spec = state.spec, let text = try? JSON.encode(JSONValue.object(spec)) else {
                return Self.refusal(404, "NotFound")
            }
            return .json(
                """
                {"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"op","namespace":"ns",\
                "uid":"\(state.uid)","resourceVersion":"\(state.version)"},"spec":\(String(decoding: text, as: UTF8.self))}
                """)
        }
    }

    private static func refusal(_ code: Int, _ reason: String) -> HTTPResponse {
        .json(Answer.statusBody(code, reason: reason), status: code)
    }
}
