import DynamicJSON
import Effects
import KubeSimulator
import Testing

/// API servers behind one address that are not of one age, and other ways in which a server is not what it was.
@Suite struct AgeTests {
    private func names(_ answer: KubeSimulator.Answer) -> [String] {
        (answer.json["items"]?.arrayValue ?? []).compactMap { $0["metadata", "name"]?.stringValue }
    }

    private func told(_ answer: KubeSimulator.Answer) -> [String] {
        answer.lines.map { "\($0["type"]?.stringValue ?? "?") \($0["object", "metadata", "name"]?.stringValue ?? "")" }
    }

    @Test func `a server that lags shows the past to lists at a version, and etcd's word to all others`() async throws {
        let simulator = try makeSimulator()
        let wall = Wall(simulator)
        try await wall.pass(60)
        try simulator.create(adapter("old"))
        let old = simulator.resourceVersion
        try await wall.pass(60)
        try simulator.create(adapter("new"))
        simulator.setFault { $0.url.contains("wait") ? .delay(.seconds(10)) : .lag(.seconds(30)) }
        #expect(names(try await simulator.ask(.get, adapters)) == ["new", "old"])
        let cached = try await simulator.ask(.get, "\(adapters)?resourceVersion=0")
        #expect(names(cached) == ["old"] && cached.json["metadata", "resourceVersion"]?.stringValue == old)
        #expect(names(try await simulator.ask(.get, "\(adapters)?resourceVersion=\(old)")) == ["old"])
        let late = try await simulator.ask(.get, "\(adapters)?resourceVersion=\(simulator.resourceVersion)")
        #expect(late.status == 504 && late.text.contains("Too large resource version"))
        try await wall.pass(30)
        #expect(names(try await simulator.ask(.get, "\(adapters)?resourceVersion=0")) == ["new", "old"])
    }

    @Test func `a stream from a server that lags never shows a newer state under an older version`() async throws {
        let simulator = try makeSimulator { $0.historyLimit = 4 }
        try simulator.create(adapter("a"))
        let wall = Wall(simulator)
        try await wall.pass(60)
        for name in ["b", "c", "d", "e", "f", "g", "h"] { try simulator.create(adapter(name)) }
        simulator.setFault { _ in .lag(.seconds(30)) }

        let answer = try await simulator.ask(
            .get,
            "\(adapters)?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=1&allowWatchBookmarks=true&timeoutSeconds=1"
        )

        // What was so 30 s ago is forgotten: only the present can be told, and as such.
        #expect(answer.lines.count == 9)
        #expect(answer.lines.last?["object", "metadata", "resourceVersion"]?.stringValue == simulator.resourceVersion)
    }

    @Test func `a watch from a server that lags tells everything, later, and nothing twice`() async throws {
        let simulator = try makeSimulator()
        let wall = Wall(simulator)
        let start = simulator.resourceVersion
        try simulator.create(adapter("a"))
        try simulator.create(adapter("b"))
        simulator.setFault { $0.url.contains("wait") ? .delay(.seconds(10)) : .lag(.seconds(30)) }
        let short = try await simulator.ask(.get, "\(adapters)?watch=1&resourceVersion=\(start)&timeoutSeconds=10")
        #expect(told(short) == [])
        try await wall.pass(0)
        let long = try await simulator.ask(.get, "\(adapters)?watch=1&resourceVersion=\(start)&timeoutSeconds=60")
        #expect(told(long) == ["ADDED a", "ADDED b"])
    }

    @Test func `an etcd that was set back keeps a watch from the future silent, and refuses such a list`() async throws
    {
        let simulator = try makeSimulator()
        try simulator.create(adapter("a"))
        let backup = simulator.snapshot()
        for index in 0..<5 { try simulator.create(adapter("b\(index)")) }
        let future = simulator.resourceVersion
        try simulator.restore(backup, isRewinding: true)
        try simulator.create(adapter("c"))
        #expect(names(try await simulator.ask(.get, adapters)) == ["a", "c"])
        let target = "\(adapters)?watch=1&resourceVersion=\(future)&timeoutSeconds=200&allowWatchBookmarks=true"
        #expect(try await simulator.ask(.get, target).bytes.isEmpty, "no bookmark either")
        #expect(try await simulator.ask(.get, "\(adapters)?resourceVersion=\(future)").status == 504)
    }

    @Test func `a definition that is withdrawn goes with its last object, and its watches end`() async throws {
        let simulator = try makeSimulator()
        var kept = adapter("kept")
        kept["metadata", "finalizers"] = ["example.com/mine"]
        try simulator.create(kept)
        try simulator.create(adapter("plain"))
        let start = simulator.resourceVersion
        try simulator.withdraw("loraadapters")
        #expect(names(try await simulator.ask(.get, adapters)) == ["kept"], "it waits for the finalizer")
        var object = try #require(simulator.get("loraadapters", namespace: "default", name: "kept"))
        object["metadata", "finalizers"] = nil
        try simulator.replace(object)
        #expect(try await simulator.ask(.get, adapters).text == "404 page not found\n")
        #expect(try await simulator.ask(.get, "\(adapters)?watch=1&resourceVersion=\(start)").status == 404)
        simulator.reinstate("loraadapters")
        let watch = try await simulator.ask(.get, "\(adapters)?watch=1&resourceVersion=\(start)&timeoutSeconds=1")
        #expect(told(watch).last == "DELETED kept")
    }

    @Test func `a watch can be cut within an event, closed politely, or go silent`() async throws {
        let simulator = try makeSimulator()
        let start = simulator.resourceVersion
        for name in ["a", "b", "c"] { try simulator.create(adapter(name)) }
        let target = "\(adapters)?watch=1&resourceVersion=\(start)&timeoutSeconds=9"
        simulator.setFault { _ in .endWatch(.close, afterEvents: 2) }
        #expect(told(try await simulator.ask(.get, target)) == ["ADDED a", "ADDED b"])
        simulator.setFault { _ in .endWatch(.cut, afterEvents: 1) }
        var chunks: [String] = []
        await #expect(throws: HTTPFailure.self) {
            for try await chunk in try await simulator.respond(to: HTTPRequest(.get, target)).body {
                chunks.append(String(decoding: chunk, as: UTF8.self))
            }
        }
        #expect(chunks.count == 2 && chunks[0].hasSuffix("}\n") && !chunks[1].hasSuffix("}\n"))
        simulator.setFault { _ in .endWatch(.silence, afterEvents: 0) }
        let silent = try await simulator.respond(to: HTTPRequest(.get, target)).body
        await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                for try await _ in silent { return true }
                return false
            }
            for _ in 0..<1000 { await Task.yield() }
            group.cancelAll()
            await #expect(throws: CancellationError.self) { try await group.next() }
        }
        simulator.setFault { _ in .page(429, contentType: "text/plain", text: "Too many requests") }
        let page = try await simulator.ask(.get, adapters)
        #expect(page.status == 429 && page.text == "Too many requests")
    }

    /// Lets the simulator's time pass, which only waiting does.
    private struct Wall {
        let simulator: KubeSimulator

        init(_ simulator: KubeSimulator) {
            self.simulator = simulator
            simulator.setFault { $0.url.contains("wait") ? .delay(.seconds(10)) : nil }
        }

        func pass(_ seconds: Int) async throws {
            for _ in 0..<seconds / 10 { _ = try await simulator.ask(.get, "/wait") }
        }
    }
}
