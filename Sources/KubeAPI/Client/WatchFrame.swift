/// `{"type": …, "object": …}`: one line of a watch.
package struct WatchFrame<Object: KubeObject>: Decodable {
    private enum CodingKeys: CodingKey { case type, object }

    private enum Content {
        case event(WatchEvent<Object>)
        case failure(Status)
    }

    /// Of an object that has no more than this.
    private struct Bookmark: Decodable {
        struct Metadata: Decodable {
            var resourceVersion: String?
            var annotations: [String: String]?
        }

        var metadata: Metadata?
    }

    private let content: Content

    /// The event of a frame; `attempt` names the request in the error that an `ERROR` event becomes.
    ///
    /// - Throws: `DecodingError` for what is no event of such objects.
    package static func event(in frame: [UInt8], attempt: String) throws -> WatchEvent<Object> {
        switch try JSON.decode(Self.self, from: frame).content {
        case .event(let event): event
        case .failure(let status): .error(APIError(APIAnswer(attempt: attempt, status: status)))
        }
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        let type = try fields.decode(String.self, forKey: .type)
        if type == "ERROR" {
            content = .failure(try fields.decode(Status.self, forKey: .object))
            return
        }
        try fields.decode(TypeMeta.self, forKey: .object).require(Object.resource.kind, of: Object.resource)
        if type == "BOOKMARK" {
            let bookmark = try fields.decode(Bookmark.self, forKey: .object).metadata
            let version = bookmark?.resourceVersion ?? ""
            // The value is what counts, as the server's own clients see it.
            let isEnd = bookmark?.annotations?["k8s.io/initial-events-end"] == "true"
            content = .event(
                isEnd ? .initialEventsEnd(resourceVersion: version) : .bookmark(resourceVersion: version))
            return
        }
        let object = try fields.decode(Attempted<Object>.self, forKey: .object)
        switch (type, object) {
        case ("ADDED", .object(let object)): content = .event(.added(object))
        case ("MODIFIED", .object(let object)): content = .event(.modified(object))
        case ("DELETED", .object(let object)): content = .event(.deleted(object))
        case ("ADDED", .undecodable(let object)), ("MODIFIED", .undecodable(let object)):
            content = .event(.undecodable(object))
        case ("DELETED", .undecodable(let object)): content = .event(.deletedUndecodable(object))
        default:
            // An event that is not understood is an event lost: the watch has to start anew.
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: fields, debugDescription: "unknown event type \(type.oneLine(limit: 40))")
        }
    }
}
