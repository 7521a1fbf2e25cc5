import DynamicJSON
import Effects
import KubeSimulator
import Testing

@Suite struct WatchTests {
    /// `type name`, or `type reason` of errors, of each event.
    private func events(_ answer: KubeSimulator.Answer) -> [String] {
        answer.lines.map { line in
            let object = line["object"]
            return
                "\(line["type"]?.stringValue ?? "?") \(object?["metadata", "name"]?.stringValue ?? object?["reason"]?.stringValue ?? "")"
        }
    }

    @Test func `a watch tells what happened since its resourceVersion and closes after its time`() async throws {
        let simulator = try makeSimulator()
        try simulator.create(adapter("old"))
        let start = simulator.resourceVersion
        try simulator.create(adapter("new"))
        try simulator.delete("loraadapters", namespace: "default", name: "old")
        let answer = try await simulator.ask(.get, "\(adapters)?watch=1&resourceVersion=\(start)&timeoutSeconds=5")
        #expect(events(answer) == ["ADDED new", "DELETED old"])
        let last = answer.lines.last?["object", "metadata", "resourceVersion"]?.stringValue
        #expect(last == simulator.resourceVersion, "a deletion has a version of its own")
    }

    @Test func `bookmarks come each minute and before the end`() async throws {
        let simulator = try makeSimulator()
        let target =
            "\(adapters)?watch=1&resourceVersion=\(simulator.resourceVersion)&timeoutSeconds=150&allowWatchBookmarks=true"
        let answer = try await simulator.ask(.get, target)
        #expect(events(answer) == ["BOOKMARK ", "BOOKMARK "])
        #expect(
            answer.lines.allSatisfy {
                $0["object", "metadata", "resourceVersion"]?.stringValue == simulator.resourceVersion
            })
    }

    @Test func `objects that enter or leave a selection are added or deleted for its watchers`() async throws {
        let simulator = try makeSimulator()
        var object = try simulator.create(adapter("a"))
        let start = simulator.resourceVersion
        for value in ["b", "c", "x"] {
            object["metadata", "labels"] = ["team": .string(value)]
            object = try simulator.replace(object)
        }
        let target = "\(adapters)?watch=1&resourceVersion=\(start)&timeoutSeconds=1&labelSelector=team%20in%20(b,c)"
        let answer = try await simulator.ask(.get, target)
        #expect(events(answer) == ["ADDED a", "MODIFIED a", "DELETED a"])
        #expect(answer.lines.last?["object", "metadata", "labels", "team"] == "c", "as it was when it still matched")
        #expect(answer.lines.last?["object", "metadata", "resourceVersion"]?.stringValue == simulator.resourceVersion)
    }

    @Test func `an apply that changes nothing is no event`() async throws {
        let simulator = try makeSimulator()
        try simulator.create(adapter("a"))
        let status: JSONValue = [
            "apiVersion": "lora-operator.dev/v1alpha1", "kind": "LoRAAdapter", "metadata": ["name": "a"],
            "status": ["phase": "Ready"],
        ]
        let target = "\(adapters)/a/status?fieldManager=me&force=true"
        let first = try await simulator.ask(.patch, target, type: "application/apply-patch+yaml", status)
        let start = simulator.resourceVersion
        let second = try await simulator.ask(.patch, target, type: "application/apply-patch+yaml", status)
        #expect(first.json == second.json)
        let answer = try await simulator.ask(.get, "\(adapters)?watch=1&resourceVersion=\(start)&timeoutSeconds=1")
        #expect(answer.bytes.isEmpty)
    }

    @Test func `a compacted history is 410 in the stream, and on a page that goes on`() async throws {
        let simulator = try makeSimulator()
        for name in ["a", "b", "c"] { try simulator.create(adapter(name)) }
        let start = simulator.resourceVersion
        let page = try await simulator.ask(.get, "\(adapters)?limit=1")
        let token = page.json["metadata", "continue"]?.stringValue ?? ""
        try simulator.create(adapter("d"))
        simulator.compact()
        let watch = try await simulator.ask(.get, "\(adapters)?watch=1&resourceVersion=\(start)")
        #expect(watch.status == 200)
        #expect(watch.lines.first?["object", "code"] == 410)
        #expect(events(watch) == ["ERROR Expired"])
        let rest = try await simulator.ask(.get, "\(adapters)?limit=1&continue=\(token)")
        #expect(rest.status == 410)
        #expect(rest.json["reason"] == "Expired")
        let inconsistent = rest.json["metadata", "continue"]?.stringValue ?? ""
        let more = try await simulator.ask(.get, "\(adapters)?limit=10&continue=\(inconsistent)")
        #expect(more.json["items"]?.arrayValue?.compactMap { $0["metadata", "name"] } == ["b", "c", "d"])
        let exact = try await simulator.ask(.get, "\(adapters)?resourceVersion=\(start)&resourceVersionMatch=Exact")
        #expect(exact.status == 410)
    }

    @Test func `a watch that fell behind the history ends with 410`() async throws {
        let simulator = try makeSimulator { $0.historyLimit = 4 }
        let response = try await simulator.respond(
            to: HTTPRequest(.get, "\(adapters)?watch=1&resourceVersion=\(simulator.resourceVersion)&timeoutSeconds=60"))
        for index in 0..<20 { try simulator.create(adapter("a\(index)")) }
        var iterator = response.body.makeAsyncIterator()
        let first = try await iterator.next()
        #expect(first.map { String(decoding: $0, as: UTF8.self).contains("\"code\":410") } == true)
        #expect(try await iterator.next() == nil)
    }

    @Test func `pages show one moment, whatever happens in between`() async throws {
        let simulator = try makeSimulator()
        for name in ["a", "b", "c"] { try simulator.create(adapter(name)) }
        let first = try await simulator.ask(.get, "\(adapters)?limit=2")
        #expect(first.json["metadata", "remainingItemCount"] == 1)
        try simulator.delete("loraadapters", namespace: "default", name: "c")
        try simulator.create(adapter("bb"))
        let token = first.json["metadata", "continue"]?.stringValue ?? ""
        let second = try await simulator.ask(.get, "\(adapters)?limit=2&continue=\(token)")
        #expect(second.json["items"]?.arrayValue?.compactMap { $0["metadata", "name"] } == ["c"])
        #expect(second.json["metadata", "resourceVersion"] == first.json["metadata", "resourceVersion"])
    }

    @Test func `the initial events of a streamed list end with an annotated bookmark`() async throws {
        let simulator = try makeSimulator()
        try simulator.create(adapter("a"))
        let target =
            "\(adapters)?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1"
        let answer = try await simulator.ask(.get, target)
        #expect(events(answer) == ["ADDED a", "BOOKMARK "])
        #expect(answer.lines.last?["object", "metadata", "annotations", "k8s.io/initial-events-end"] == "true")
        let refused = try await simulator.ask(.get, "\(adapters)?watch=1&sendInitialEvents=true")
        #expect(refused.status == 422)
        let unasked = try await simulator.ask(.get, "\(adapters)?watch=1&resourceVersionMatch=NotOlderThan")
        #expect(unasked.status == 422)
    }

    @Test func `a streamed list from the future says so inside the stream`() async throws {
        let answer = try await makeSimulator().ask(.get, "\(streamed)&resourceVersion=99999999")
        #expect(answer.status == 200)
        #expect(answer.lines.count == 1)
        #expect(answer.lines.first?["type"] == "ERROR")
        let causes = answer.lines.first?["object", "details", "causes"]?.arrayValue
        #expect(causes?.first?["reason"] == "ResourceVersionTooLarge")
    }

    @Test(arguments: [
        (WatchListSupport.full, ["ADDED a", "BOOKMARK end"]), (.endless, ["ADDED a"]), (.ignored, ["ADDED a"]),
        (.withoutProgress, ["ERROR InternalError"]), (.refused(422), []), (.refused(405), []),
    ])
    func `a server may stream lists, or fail to, in every known way`(
        support: WatchListSupport, expected: [String]
    ) async throws {
        let simulator = try makeSimulator { $0.watchList = support }
        try simulator.create(adapter("a"))
        let answer = try await simulator.ask(.get, streamed)
        let told = answer.status == 200 ? events(answer) : []
        let isEnd = answer.lines.last?["object", "metadata", "annotations", "k8s.io/initial-events-end"] == "true"
        #expect(Array((isEnd ? told.dropLast() + ["BOOKMARK end"] : told).prefix(expected.count)) == expected)
        #expect(isEnd == (support == .full))
        if case .refused(let code) = support { #expect(answer.status == code) }
    }

    private var streamed: String {
        "\(adapters)?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1"
    }

    @Test func `a waiting watch is woken by the change, and by nothing of other kinds`() async throws {
        let simulator = try makeSimulator()
        try simulator.create(adapter("a"))
        let response = try await simulator.respond(
            to: HTTPRequest(
                .get, "\(adapters)?watch=1&resourceVersion=\(simulator.resourceVersion)&timeoutSeconds=100000"))
        try await withThrowingTaskGroup(of: String.self) { group in
            group.addTask {
                var iterator = response.body.makeAsyncIterator()
                return String(decoding: try await iterator.next() ?? [], as: UTF8.self)
            }
            try simulator.create([
                "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "key", "namespace": "default"],
            ])
            try simulator.delete("loraadapters", namespace: "default", name: "a")
            let chunk = try await group.next() ?? ""
            #expect(chunk.hasPrefix("{\"type\":\"DELETED\""))
        }
    }

    @Test func `leaving a watch frees its place`() async throws {
        let simulator = try makeSimulator { $0.watchLimit = 1 }
        let target = "\(adapters)?watch=1&resourceVersion=\(simulator.resourceVersion)"
        do {
            let response = try await simulator.respond(to: HTTPRequest(.get, target))
            #expect(response.head.status == 200)
            #expect(try await simulator.ask(.get, target).status == 429)
            withExtendedLifetime(response) {}
        }
        #expect(simulator.watchCount == 0)
    }

    @Test func `faults hit the requests that the hook chooses`() async throws {
        let simulator = try makeSimulator()
        simulator.setFault { $0.method == .post ? .answerLost : nil }
        await #expect(throws: HTTPFailure.self) { try await simulator.ask(.post, adapters, adapter("a")) }
        #expect(simulator.get("loraadapters", namespace: "default", name: "a") != nil, "done, but the answer is lost")
        simulator.setFault { _ in .dropConnection }
        await #expect(throws: HTTPFailure.self) { try await simulator.ask(.get, adapters) }
        simulator.setFault { _ in .status(503, retryAfter: 7) }
        let answer = try await simulator.ask(.get, adapters)
        #expect(answer.status == 503 && answer.headers.first(named: "Retry-After") == "7")
        simulator.setFault { _ in .endWatch(.cut, afterEvents: 1) }
        await #expect(throws: HTTPFailure.self) {
            try await simulator.ask(.get, "\(adapters)?watch=1&timeoutSeconds=9")
        }
        simulator.setFault { _ in .watchError(code: 410, reason: "Expired", message: "too old") }
        #expect(events(try await simulator.ask(.get, "\(adapters)?watch=1")) == ["ERROR Expired"])
        simulator.setFault(nil)
        #expect(try await simulator.ask(.get, adapters).status == 200)
    }
}
