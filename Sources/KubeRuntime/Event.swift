package import KubeAPI

/// Something that happened to an object, for `kubectl describe` and `kubectl events`.
package struct Event: Hashable, Sendable {
    package enum Level: String, Hashable, Sendable, Codable {
        case normal = "Normal"
        case warning = "Warning"
    }

    package var regarding: ObjectReference
    package var level: Level
    /// Why, UpperCamelCase: `Loaded`.
    package var reason: String
    /// What was done, UpperCamelCase, like `Load`; the API refuses events without it.
    package var action: String
    /// For people.
    package var note: String

    package init(regarding: ObjectReference, level: Level = .normal, reason: String, action: String, note: String) {
        self.regarding = regarding
        self.level = level
        self.reason = reason
        self.action = action
        self.note = note
    }
}

extension ObjectReference {
    /// Refers to an object as it was read.
    package init<Object: KubeObject>(to object: Object) {
        let metadata = object.metadata
        self.init(
            apiVersion: Object.resource.apiVersion, kind: Object.resource.kind, namespace: metadata.namespace,
            name: metadata.name, uid: metadata.uid)
    }
}

/// An `events.k8s.io/v1` Event as it is written; the server's own name for the kind is taken by ``Event``.
struct EventObject: Encodable {
    struct Metadata: Encodable {
        var name: String
        var namespace: String
    }

    /// The API's limits, in bytes.
    static let wordLimit = 128
    static let noteLimit = 1024

    var apiVersion = PublishedEvent.resource.apiVersion
    var kind = PublishedEvent.resource.kind
    var metadata: Metadata
    var eventTime: String
    var type: Event.Level
    var reason: String
    var action: String
    var note: String
    var regarding: ObjectReference
    var reportingController: String
    var reportingInstance: String

    init(_ event: Event, key: NamespacedName, time: String, controller: String, instance: String) {
        metadata = Metadata(name: key.name, namespace: key.namespace)
        eventTime = time
        type = event.level
        reason = event.reason.oneLine(limit: Self.wordLimit)
        action = event.action.oneLine(limit: Self.wordLimit)
        note = event.note.oneLine(limit: Self.noteLimit)
        regarding = event.regarding
        reportingController = controller
        reportingInstance = instance.oneLine(limit: Self.wordLimit)
    }
}

/// The answer to a written event: that it exists is all that matters.
struct PublishedEvent: KubeObject {
    static let resource = Resource(group: "events.k8s.io", version: "v1", plural: "events", kind: "Event")

    var metadata: ObjectMeta
}
