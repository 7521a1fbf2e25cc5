import Effects
import KubeAPI
import TestSupport

/// A kind without any meaning.
struct Thing: KubeObject, Hashable {
    static let resource = Resource(group: "test.dev", version: "v1", plural: "things", kind: "Thing")

    var metadata: ObjectMeta
    var value: Int

    init(_ name: String, uid: String? = nil, version: String, value: Int = 0) {
        metadata = ObjectMeta(name: name, namespace: "ns", uid: uid ?? "u-\(name)", resourceVersion: version)
        self.value = value
    }

    /// As a server writes it.
    var json: String {
        """
        {"apiVersion":"test.dev/v1","kind":"Thing","metadata":{"name":"\(metadata.name)","namespace":"ns",\
        "uid":"\(metadata.uid)","resourceVersion":"\(metadata.resourceVersion)"},"value":\(value)}
        """
    }

    static func key(_ name: String) -> NamespacedName { NamespacedName(namespace: "ns", name: name) }
}

/// What a server answers, in short.
enum Answer {
    static func list(_ things: [Thing], at version: String, then token: String = "") -> ScriptedTransport.Answer {
        let body = """
            {"apiVersion":"test.dev/v1","kind":"ThingList",\
            "items":[\(things.map(\.json).joined(separator: ","))],\
            "metadata":{"resourceVersion":"\(version)","continue":"\(token)"}}
            """
        return { _ in .json(body) }
    }

    static func watch(_ events: [String], end: BodyEnd = .never) -> ScriptedTransport.Answer {
        { _ in .stream(events.map { Array("\($0)\n".utf8) }, end: end) }
    }

    static func status(
        _ code: Int, reason: String = "Reason", cause: String = "", headers: [HTTPHeader] = []
    )
        -> ScriptedTransport.Answer
    {
        { _ in .json(statusBody(code, reason: reason, cause: cause), status: code, headers: headers) }
    }

    static func failure(_ kind: HTTPFailure.Kind) -> ScriptedTransport.Answer {
        { _ in throw HTTPFailure(kind, "\(kind)") }
    }

    static func statusBody(_ code: Int, reason: String, cause: String = "") -> String {
        """
        {"kind":"Status","apiVersion":"v1","status":"Failure","code":\(code),"reason":"\(reason)",\
        "message":"because","details":{"causes":[{"reason":"\(cause)"}]}}
        """
    }
}

/// Lines of a watch.
enum Line {
    static func added(_ thing: Thing) -> String { #"{"type":"ADDED","object":\#(thing.json)}"# }
    static func modified(_ thing: Thing) -> String { #"{"type":"MODIFIED","object":\#(thing.json)}"# }
    static func deleted(_ thing: Thing) -> String { #"{"type":"DELETED","object":\#(thing.json)}"# }

    static func bookmark(_ version: String) -> String {
        #"{"type":"BOOKMARK","object":{"apiVersion":"test.dev/v1","kind":"Thing","metadata":{"resourceVersion":"\#(version)"}}}"#
    }

    /// As a real server ends the initial events, fixture 074.
    static func end(_ version: String) -> String {
        #"{"type":"BOOKMARK","object":{"apiVersion":"test.dev/v1","kind":"Thing","metadata":{"annotations":{"k8s.io/initial-events-end":"true"},"resourceVersion":"\#(version)"}}}"#
    }

    static func error(_ code: Int, reason: String = "Expired", cause: String = "") -> String {
        #"{"type":"ERROR","object":\#(Answer.statusBody(code, reason: reason, cause: cause))}"#
    }
}
