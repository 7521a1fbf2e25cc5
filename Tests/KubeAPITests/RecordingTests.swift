import Effects
import KubeAPI
import TestSupport
import Testing

/// Every recorded answer of a real server, read by the client.
struct RecordingTests {
    static let all = Transcript.all(of: "kubernetes")
    static let adapters = all.filter { $0.request.url.contains("/loraadapters") }

    private static func isList(_ transcript: Transcript) -> Bool {
        let path = transcript.request.url.prefix { $0 != "?" }
        return path.hasSuffix("/loraadapters") && transcript.request.method == .get
            && transcript.response.head.status == 200 && !transcript.request.url.contains("watch=true")
            && transcript.request.headers.first(named: "Accept") == "application/json"
    }

    @Test(arguments: adapters.filter(isList))
    func `a recorded list is read`(transcript: Transcript) async throws {
        let list = try await list(transcript)

        #expect(list.undecodable.isEmpty)
        #expect(!list.resourceVersion.isEmpty)
        #expect(list.items.allSatisfy { $0.metadata.namespace == "demo" && !$0.metadata.uid.isEmpty })
    }

    /// A page that promises more is followed by an empty one.
    private func list(_ transcript: Transcript) async throws -> ObjectList<TestAdapter> {
        let script = ScriptedClient([{ _ in transcript.response }, { _ in .json(listBody([])) }])
        return try await script.client.list(TestAdapter.self, in: "demo")
    }

    @Test(arguments: adapters.filter { $0.request.url.contains("watch=true") && $0.response.head.status == 200 })
    func `a recorded watch is read`(transcript: Transcript) async throws {
        let events = await events(of: transcript)

        if transcript.name.hasPrefix("077") {
            #expect(events.error != nil, "a Table is refused")
        } else {
            #expect(events.error == nil)
        }
        #expect(!events.list.contains { $0.hasPrefix("undecodable") })
    }

    @Test func `071: three changes and the bookmarks before the server's close`() async throws {
        let transcript = try #require(Transcript.named("071", of: "kubernetes"))
        let events = await events(of: transcript)
        #expect(
            events.list.map { $0.prefix { $0 != " " } } == ["added", "modified", "deleted", "bookmark", "bookmark"])
    }

    @Test func `52: 074: a streamed list ends with a bookmark that says so`() async throws {
        let transcript = try #require(Transcript.named("074", of: "kubernetes"))
        let events = await events(of: transcript).list
        #expect(events.count == 10)
        #expect(events.dropLast().allSatisfy { $0.hasPrefix("added demo/") })
        #expect(events.last == "end 242")
    }

    @Test func `45: 072: an expired version is an event inside a watch that was accepted`() async throws {
        let transcript = try #require(Transcript.named("072", of: "kubernetes"))
        #expect(await events(of: transcript).list == ["expired"])
    }

    private func events(of transcript: Transcript) async -> (list: [String], error: (any Error)?) {
        let list = Collected<String>()
        do {
            try await ScriptedClient(transcript).client.withWatch(TestAdapter.self, in: "demo", from: .after("1")) {
                events in
                for try await event in events { list.append(describe(event)) }
            }
            return (list.all, nil)
        } catch {
            return (list.all, error)
        }
    }

    private func describe(_ event: WatchEvent<TestAdapter>) -> String {
        switch event {
        case .added(let object): "added \(object.key)"
        case .modified(let object): "modified \(object.key)"
        case .deleted(let object): "deleted \(object.key)"
        case .bookmark(let version): "bookmark \(version)"
        case .initialEventsEnd(let version): "end \(version)"
        case .error(.expired): "expired"
        case .error(let error): "error \(error)"
        case .undecodable(let object), .deletedUndecodable(let object): "undecodable \(object.message)"
        }
    }

    @Test(arguments: all.filter { !(200..<300).contains($0.response.head.status) })
    func `9: a recorded refusal is classified by its status and kept whole`(transcript: Transcript) async throws {
        let key = NamespacedName(namespace: "demo", name: "x")
        let status = transcript.response.head.status
        let caught = await ScriptedClient([{ _ in transcript.response }]).error { client in
            try await client.patch(TestAdapter.self, key, json: [])
        }
        let error = try #require(caught)

        let expected =
            switch error {
            case .unauthorized: [401]
            case .forbidden: [403]
            case .notFound: [404]
            case .conflict, .alreadyExists: [409]
            case .expired: [410]
            case .invalid: [422]
            case .tooManyRequests: [429]
            case .rejected: [400, 405, 406, 413, 415]
            case .server: [500, 504]
            default: [Int]()
            }
        #expect(expected.contains(status))
        #expect(error.answer?.code == status)
        #expect(error.answer?.status != nil || error.answer?.text.isEmpty == false)
        #expect(!error.description.contains("\n"))
        #expect(error.description.hasPrefix("patch loraadapters demo/x: \(status)"))
    }

    @Test func `065: a version from the future is told apart, and not asked for again`() async throws {
        let transcript = try #require(Transcript.named("065", of: "kubernetes"))
        let script = ScriptedClient(transcript)
        let error = await script.error { try await $0.list(TestAdapter.self, in: "demo") }

        #expect(error?.isResourceVersionTooLarge == true)
        #expect(error?.retryAfter == .seconds(1))
        #expect(script.transport.requests.count == 1)
    }

    @Test(arguments: ["032", "033"])
    func `11: an object of another kind is refused`(number: String) async throws {
        let transcript = try #require(Transcript.named(number, of: "kubernetes"))
        let error = await ScriptedClient(transcript).error { client in
            try await client.get(TestAdapter.self, NamespacedName(namespace: "demo", name: "sql"))
        }
        guard case .unexpectedAnswer = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `slices, pods and leases of a real server are read`() async throws {
        let slices = try #require(Transcript.named("113", of: "kubernetes"))
        let list = try await ScriptedClient(slices).client.list(EndpointSlice.self, in: "demo")
        #expect(!list.items.isEmpty && list.undecodable.isEmpty)
        #expect(list.items.allSatisfy { $0.serviceName != nil })

        let pod = try #require(Transcript.named("112", of: "kubernetes"))
        let status = try await ScriptedClient(pod).client.get(Pod.self, NamespacedName(namespace: "demo", name: "p"))
        #expect(!status.status.podIP.isEmpty)

        let lease = try #require(Transcript.named("092", of: "kubernetes"))
        let read = try await ScriptedClient(lease).client.get(Lease.self, NamespacedName(namespace: "demo", name: "l"))
        #expect(read.spec.holderIdentity == "pod-a_1")
    }
}
