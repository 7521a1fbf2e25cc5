import Testing

@testable import AdapterPlanning

/// What ServedModels say, from what servers said.
struct ServedModelTests {
    private static func server(_ number: Int) -> Server {
        Server(id: ServerID(owner: "uid-\(number)", port: 8000), name: "vllm-\(number)", address: "10.0.0.\(number)")
    }

    private static func listing(
        _ models: [Listing.Model] = [Listing.Model(id: "llama", root: "/m/llama", maxModelLen: 4096)],
        _ adapters: [String: String] = [:]
    ) -> Listing {
        Listing(models: models, adapters: adapters.mapValues { Listing.Entry(root: $0, parent: "llama") })
    }

    private static func listed(_ listing: Listing, version: String? = "0.32.0") -> ServerObservation {
        var observation = ServerObservation(answer: .listed(listing), lastListing: listing)
        observation.version = version
        return observation
    }

    private static func blind(_ last: Listing?) -> ServerObservation {
        var observation = ServerObservation(answer: .blind(.connectTimeout, "no answer"), lastListing: last)
        if last != nil { observation.version = "0.32.0" }
        return observation
    }

    private func situation(_ observations: [ServerObservation]) -> ServedModelSituation {
        var situation = ServedModelSituation(service: "vllm")
        situation.timestamp = "2026-01-01T00:00:00Z"
        situation.servers = observations.enumerated().map { .init(Self.server($0 + 1), $1) }
        situation.isManaged = { name, root in name == "sql" && root == "/a/sql" }
        return situation
    }

    private static let name = ServedModelName.of("llama", behind: "vllm")

    private func written(_ situation: ServedModelSituation) throws -> ServedModelStatus {
        let plan = situation.plan()
        try #require(plan.count == 1)
        guard case .write(Self.name, let status)? = plan.first else {
            Issue.record("\(plan)")
            throw CancellationError()
        }
        return status
    }

    @Test func `the name is the Service and ten digits of a hash that never changes`() {
        // FNV-1a 64 of "a", from its authors' test vectors: af63dc4c8601ec8c.
        #expect(ServedModelName.of("a", behind: "vllm") == "vllm-af63dc4c86")
        #expect(ServedModelName.of("", behind: "vllm") == "vllm-cbf29ce484")
    }

    @Test func `servers are added up, and adapters that no LoRAAdapter stands for are named`() throws {
        let status = try written(
            situation([
                Self.listed(Self.listing(Self.listing().models, ["sql": "/a/sql", "b": "/x/b"]), version: "0.9.2"),
                Self.listed(Self.listing(Self.listing().models, ["sql": "/a/sql", "a": "/x/a"]), version: "0.31.0"),
            ]))
        #expect(status.id == "llama" && status.root == "/m/llama" && status.maxModelLen == 4096)
        #expect(status.servers == "2/2" && status.version == "0.9.2, 0.31.0")
        #expect(status.adapters.managed == 1 && status.adapters.unmanagedCount == 2)
        #expect(status.adapters.unmanaged.map(\.id) == ["a", "b"])
        #expect(status.conditions.map(\.verdict) == ["Ready True", "Unreachable False", "Consistent True"])
    }

    @Test func `of many adapters the first 64 are named, and all are counted`() throws {
        let many = Dictionary(uniqueKeysWithValues: (100..<200).map { ("x\($0)", "/x/\($0)") })
        let status = try written(situation([Self.listed(Self.listing(Self.listing().models, many))]))
        #expect(status.adapters.unmanagedCount == 100)
        #expect(status.adapters.unmanaged.map(\.id) == (100..<164).map { "x\($0)" })
    }

    @Test func `a blind server keeps what it last listed, and is told`() throws {
        let list = Self.listing(Self.listing().models, ["sql": "/a/sql", "b": "/x/b"])
        let status = try written(situation([Self.listed(Self.listing()), Self.blind(list)]))
        #expect(status.servers == "1/2")
        #expect(status.adapters.managed == 1 && status.adapters.unmanagedCount == 1)
        #expect(status.conditions.map(\.verdict) == ["Ready Unknown", "Unreachable True", "Consistent True"])
        #expect(status.conditions["Unreachable"]?.message == "vllm-2: ConnectTimeout")
        #expect(status.conditions["Unreachable"]?.reason == "ConnectTimeout")
    }

    @Test func `a server that was blind before the operator started leaves what is stored`() throws {
        let list = Self.listing(Self.listing().models, ["sql": "/a/sql", "b": "/x/b"])
        var situation = situation([Self.listed(list), Self.listed(list, version: "0.31.0")])
        let before = try written(situation)
        situation = self.situation([Self.listed(Self.listing()), Self.blind(nil)])
        situation.stored = [Self.name: before]
        var status = try written(situation)
        #expect(status.servers == "1/2" && status.adapters == before.adapters && status.version == before.version)

        situation = self.situation([Self.blind(nil), Self.blind(nil)])
        situation.stored = [Self.name: status]
        status = try written(situation)
        #expect(status.servers == "0/2" && status.root == "/m/llama" && status.adapters == before.adapters)

        situation.stored = [Self.name: status]
        situation.timestamp = "2026-01-01T01:00:00Z"
        #expect(situation.plan() == [], "and nothing is written while nothing changes")
    }

    @Test func `it goes when every server answered without it, and not before`() throws {
        let other = Self.listing([Listing.Model(id: "qwen")])
        var situation = situation([Self.listed(other), Self.listed(other)])
        situation.stored = [
            Self.name: ServedModelStatus(id: "llama", service: "vllm", servers: "2/2"),
            ServedModelName.of("qwen", behind: "vllm"): nil,
        ]
        #expect(situation.plan().contains(.delete(name: Self.name)))
        #expect(situation.plan().count == 2)
        for observation in [Self.blind(nil), Self.blind(Self.listing()), ServerObservation(answer: .awaiting)] {
            situation.servers[1].observation = observation
            #expect(!situation.plan().contains(.delete(name: Self.name)), "\(observation.answer)")
        }
        situation.servers[1].observation = ServerObservation(answer: .pending)
        #expect(situation.plan() == [], "nothing is said before each has answered or failed once")
    }

    @Test func `a Service without servers keeps its models`() throws {
        var situation = situation([])
        situation.problem = SpecProblem(reason: .noServers, message: "Service vllm has no endpoints")
        var before = ServedModelStatus(id: "llama", service: "vllm", servers: "2/2")
        before.adapters.managed = 3
        situation.stored = [Self.name: before]
        let status = try written(situation)
        #expect(status.servers == "0/0" && status.adapters.managed == 3)
        #expect(status.conditions.first?.verdict == "Ready False" && status.conditions.first?.reason == "NoServers")
    }

    @Test func `servers that differ are told`() throws {
        let short = Self.listing([Listing.Model(id: "llama", root: "/m/llama", maxModelLen: 2048)])
        let status = try written(situation([Self.listed(Self.listing()), Self.listed(short)]))
        #expect(status.maxModelLen == 4096)
        #expect(status.conditions["Consistent"]?.status == .no)
        #expect(status.conditions["Consistent"]?.message.contains("vllm-2") == true)
    }

    @Test func `a model of some servers alone is counted on those`() throws {
        let other = Self.listing([Listing.Model(id: "qwen")])
        let plan = situation([Self.listed(Self.listing()), Self.listed(other)]).plan()
        let servers = plan.map { change in
            if case .write(_, let status) = change { "\(status.id) \(status.servers)" } else { "" }
        }
        #expect(servers.sorted() == ["llama 1/1", "qwen 1/1"])
    }
}

extension AdapterCondition {
    fileprivate var verdict: String { "\(type) \(status.rawValue)" }
}
