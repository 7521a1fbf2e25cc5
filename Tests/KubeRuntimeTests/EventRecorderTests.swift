import DynamicJSON
import Effects
import KubeAPI
import KubeRuntime
import Logging
import TestSupport
import Testing

struct EventRecorderTests {
    private let time = VirtualTime()
    private static let created: ScriptedTransport.Answer = { _ in
        .json(#"{"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"e"}}"#, status: 201)
    }

    private func event(_ reason: String = "Loaded", of name: String = "sql", note: String = "n") -> Event {
        Event(
            regarding: ObjectReference(
                apiVersion: "lora-operator.dev/v1alpha1", kind: "LoRAAdapter", namespace: "demo", name: name, uid: "u"),
            reason: reason, action: "Load", note: note)
    }

    private func recorder(_ transport: ScriptedTransport) -> EventRecorder {
        let effects = Effects(http: transport, time: time, random: SeededRandom(1))
        let client = KubeClient(
            configuration: KubeConfiguration(server: "https://api"), effects: effects, userAgent: "test")
        return EventRecorder(
            client: client, controller: "lora-operator.dev/operator", instance: "pod-a",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Runs a recorder while `body` uses it, for an hour longer.
    private func run(
        _ answers: [ScriptedTransport.Answer] = [], otherwise: @escaping ScriptedTransport.Answer = created,
        for duration: Duration = .seconds(3600), _ body: @escaping @Sendable (EventRecorder) async throws -> Void
    ) throws -> (requests: [HTTPRequest], dropped: Int) {
        let transport = ScriptedTransport(answers, otherwise: otherwise)
        let recorder = recorder(transport)
        try time.run(for: duration) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await recorder.run() }
                try await body(recorder)
                try await group.waitForAll()
            }
        }
        return (transport.requests, recorder.dropped)
    }

    private func body(_ request: HTTPRequest) throws -> JSONValue {
        try JSON.decode(JSONValue.self, from: request.body ?? [])
    }

    @Test func `111: an event has all that the API asks for, within its limits`() throws {
        let long = event(note: String(repeating: "ä\n", count: 3000))
        let requests = try run { $0.record(long) }.requests

        let request = try #require(requests.first)
        #expect(requests.count == 1)
        #expect(request.url == "https://api/apis/events.k8s.io/v1/namespaces/demo/events")
        let object = try body(request)
        #expect(object["type"] == "Normal" && object["reason"] == "Loaded" && object["action"] == "Load")
        #expect(object["reportingController"] == "lora-operator.dev/operator")
        #expect(object["regarding", "uid"] == "u")
        #expect(object["eventTime"] == "1970-01-12T13:46:40.000000Z")
        guard case .string(let note) = object["note"], case .string(let name) = object["metadata", "name"] else {
            Issue.record("no note or name")
            return
        }
        #expect(note.utf8.count <= 1024)
        #expect(name.hasPrefix("sql."))
    }

    @Test func `112: repetitions are one object, told at the start, each half hour, and at the end`() throws {
        let time = time
        let requests = try run(for: .seconds(3 * 3600)) { [event = event()] recorder in
            for _ in 0..<60 {
                recorder.record(event)
                try await time.sleep(for: .seconds(60))
            }
        }.requests

        #expect(requests.map(\.method) == [.post, .patch, .patch, .patch])
        let counts = try requests.dropFirst().map { try body($0)["series", "count"] }
        #expect(counts.first == 2 && counts.last == 60)
    }

    @Test func `112: after six quiet minutes it is a new event, and another reason is another event`() throws {
        let time = time
        let (first, second) = (event(), event("Unloaded"))
        let requests = try run { recorder in
            recorder.record(first)
            recorder.record(second)
            try await time.sleep(for: .seconds(361))
            recorder.record(first)
        }.requests
        #expect(requests.map(\.method) == [.post, .post, .post])
        #expect(Set(try requests.map { try body($0)["metadata", "name"] }).count == 3)
    }

    @Test func `113: a failing event is tried a dozen times and dropped, and the next one is written`() throws {
        let failures = Array(repeating: Answer.failure(.connectionRefused), count: 12)
        let result = try run(failures) { [event] recorder in
            recorder.record(event("One", "sql", "n"))
            recorder.record(event("Two", "sql", "n"))
        }
        #expect(result.requests.count == 13)
        #expect(result.dropped == 1)
    }

    @Test(arguments: [403, 404, 422])
    func `113: what cannot succeed is tried once`(code: Int) throws {
        let result = try run([Answer.status(code)]) { [event = event()] in $0.record(event) }
        #expect(result.requests.count == 1)
        #expect(result.dropped == 1)
    }

    @Test func `113: the buffer is bounded, and nobody waits for it`() throws {
        let result = try run(otherwise: { _ in try await waitUntilCancelled() }) { [event] recorder in
            for number in 0..<2000 { recorder.record(event("Loaded", "a\(number)", "n")) }
        }
        #expect(result.dropped >= 2000 - 1025)
    }

    @Test func `115: a series whose object is gone goes on in a new one`() throws {
        let requests = try run([Self.created, Answer.status(404)]) { [event = event()] recorder in
            recorder.record(event)
            recorder.record(event)
        }.requests
        #expect(requests.map(\.method) == [.post, .patch, .post])
    }

    @Test func `15: an event that arrived although its answer was lost is not written twice`() throws {
        let (requests, dropped) = try run([Answer.failure(.reset), Answer.status(409, reason: "AlreadyExists")]) {
            [event = event()] in $0.record(event)
        }
        #expect(requests.count == 2)
        #expect(dropped == 0)
        #expect(try body(requests[0])["metadata", "name"] == body(requests[1])["metadata", "name"])
    }

    @Test func `a closed recorder writes what it has and ends`() throws {
        let transport = ScriptedTransport([], otherwise: Self.created)
        let recorder = recorder(transport)
        recorder.record(event())
        recorder.close()
        try time.run { try await recorder.run() }
        #expect(transport.requests.count == 1)
    }
}
