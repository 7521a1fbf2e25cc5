import DynamicJSON
import Effects
import FoundationEssentials
import KubeSimulator
import Testing

@Suite struct ReplayTests {
    /// Recordings that are not replayed, and why.
    static let excluded: [String: String] = [
        "003-apis": "the real server has more groups",
        "004-apis-aggregated-discovery": "has a test of its own: the real server has more groups",
        "005-list-crd-not-installed": "has a test of its own: the definition is there from the start here",
        "006-create-crd": "definitions come with the configuration and cannot be written",
        "008-openapi-v3-index": "the real server has more groups",
        "009-openapi-v3-group": "the document is smaller; kubectl's own use of it is tested",
        "074b-watch-list-refused": "has a test of its own: another configuration",
        "109-node-create": "nodes are not served",
        "113-endpointslices": "written by the real endpointslice controller",
        "113c-endpointslices-not-ready": "written by the real endpointslice controller",
        "120-anonymous-403": "there is no authorization", "121-bad-token-401": "there is no authentication",
        "122-forbidden-403": "there is no authorization",
        "126-too-large-413": "has a test of its own: the recording leaves the body out",
    ]

    @Test func `recorded requests are answered as the real API server answered them`() async throws {
        let simulator = try makeSimulator()
        var replay = Replay()
        var pending: (Recording, HTTPResponse)?
        for recording in try Recording.all() where Self.excluded[recording.name] == nil {
            if let (watch, response) = pending, !recording.name.hasPrefix("071") {
                pending = nil
                try await replay.check(watch, response)
            }
            let response = try await simulator.respond(to: replay.request(recording))
            // Its events are what the next recordings do.
            if recording.name == "071-watch" {
                pending = (recording, response)
            } else {
                try await replay.check(recording, response)
            }
        }
        #expect(replay.checked == (try Recording.all().count) - Self.excluded.count)
    }

    @Test func `discovery tells of the kinds served what the real API server tells`() async throws {
        let recording = try Recording.named("004-apis-aggregated-discovery")
        let recorded = try JSONDecoder().decode(JSONValue.self, from: Data(recording.responseBody.utf8))
        let answer = try await makeSimulator().answer(
            to: HTTPRequest(.get, recording.target, headers: recording.headers))
        #expect(answer.headers.first(named: "Content-Type") == recording.responseHeaders.first(named: "Content-Type"))
        func group(_ list: JSONValue, _ name: String) -> JSONValue? {
            list["items"]?.arrayValue?.first { $0["metadata", "name"]?.stringValue == name }
        }
        for name in ["events.k8s.io", "coordination.k8s.io", "discovery.k8s.io"] {
            #expect(group(answer.json, name) == group(recorded, name), "\(name)")
        }
    }

    @Test func `a kind that is not installed is no Status but a page that is not found`() async throws {
        let recording = try Recording.named("005-list-crd-not-installed")
        let simulator = try makeSimulator { $0.customResourceDefinitions = [] }
        var replay = Replay()
        try await replay.check(recording, simulator.respond(to: replay.request(recording)))
    }

    @Test func `a server that cannot stream lists says so in the stream`() async throws {
        let recording = try Recording.named("074b-watch-list-refused")
        let simulator = try makeSimulator { $0.watchList = .withoutProgress }
        var replay = Replay()
        try await replay.check(recording, simulator.respond(to: replay.request(recording)))
    }

    @Test func `a body over 3 MiB is refused`() async throws {
        let recording = try Recording.named("126-too-large-413")
        let path = "/" + String(repeating: "x", count: 3_500_000)
        let answer = try await makeSimulator().ask(.post, adapters, adapter("big", path: path))
        #expect(answer.status == recording.status)
        #expect(answer.json["message"]?.stringValue == "Request entity too large: limit is 3145728")
    }
}
