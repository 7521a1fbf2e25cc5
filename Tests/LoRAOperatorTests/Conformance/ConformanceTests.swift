import CurlHTTP
import DynamicJSON
import Effects
import TestSupport
import Testing
import VLLMAPI
import VLLMSimulator

/// `lora-operator local` against real and simulated servers, with the same words; `make conformance` brings the real ones.
@Suite(.timeLimit(.minutes(10)))
struct ConformanceTests {
    /// What is wrong with an adapter, and the reason that users read.
    private static let broken = [
        "bad-rank64": "RankTooLarge",
        "bad-r0": "InvalidAdapter",
        "bad-shape": "InvalidAdapter",
        "bad-dora": "InvalidAdapter",
        "bad-modules-to-save": "InvalidAdapter",
        "bad-target": "InvalidAdapter",
        "bad-no-weights": "InvalidAdapter",
        "bad-garbage-weights": "InvalidAdapter",
        "bad-config-json": "InvalidAdapter",
        "bad-config-empty": "InvalidAdapter",
        "bad-is-a-file": "InvalidAdapter",
        "bad-no-config": "PathNotFound",
        "bad-empty-dir": "PathNotFound",
        "nope": "PathNotFound",
    ]

    @Test(arguments: Subject.all)
    func `an adapter is loaded, moved, renamed, repaired and deleted, whatever becomes of its server`(
        subject: Subject
    ) async throws {
        try await ConformanceWorld.run(subject) { world in
            try await client(of: world)
            try await world.withOperator { lora in
                try await load(world, lora)
                try await change(world, lora)
                try await refuse(world, lora)
                try await repair(world, lora)
                if subject.isControllable {
                    try await restart(world, lora)
                    try await loseEngine(world, lora)
                }
                try await delete(world, lora)
            }
        }
    }

    // MARK: The chapters of a life

    /// What the client alone finds.
    private func client(of world: ConformanceWorld) async throws {
        let http = CurlTransport()
        defer { http.shutdown() }
        let endpoint = VLLMEndpoint(baseURL: world.server.url, apiKey: world.subject.apiKey)
        let client = VLLMClient(endpoint: endpoint, http: http)
        let version = try #require(VLLMVersion(String(try await client.version().prefix { $0 != "+" })))
        let base = try #require(try await client.models().baseModels.first?.id)
        try await ClientContract(client: client, version: version, base: base, directory: world.server.adapters)
            .check()
        world.tell("vLLM \(version): the client reads every answer for what it means")
    }

    private func load(_ world: ConformanceWorld, _ lora: ConformanceOperator) async throws {
        let base = try await base(of: world)
        let path = "\(world.server.adapters)/alpha"
        try await lora.apply("sql", path: path)
        let adapter = try await lora.adapterIsReady("sql", root: path)
        #expect(adapter.card == ["sql", base, path])
        #expect(try await world.listed() == [["sql", base, path]])
        #expect(try await world.complete("sql") == "200 sql")
        #expect(try await world.complete("nobody") == "404 -")

        // Byte for byte, whatever JSON makes of it on the way.
        let (oddName, oddPath) = ("Späße: \"a\\b\", 'c'/d", "\(world.server.adapters)//./beta/")
        try await lora.apply("odd", path: oddPath, spec: ["loraName": .string(oddName)])
        let odd = try await lora.adapterIsReady("odd", root: oddPath)
        #expect(odd.card == [oddName, base, oddPath])
        #expect(try await world.listed().contains([oddName, base, oddPath]))
        #expect(try await world.complete(oddName) == "200 \(oddName)")
        try await lora.delete("odd")
        try await lora.adapterGoes("odd")
        world.tell("loaded; id, parent and root read back byte for byte; completions are served")
    }

    private func change(_ world: ConformanceWorld, _ lora: ConformanceOperator) async throws {
        let base = try await base(of: world)
        let path = "\(world.server.adapters)/alpha-v2"
        try await lora.change("sql", spec: ["loraPath": .string(path)])
        try await lora.adapterIsReady("sql", root: path)
        #expect(try await world.listed() == [["sql", base, path]])
        #expect(try await world.complete("sql") == "200 sql")

        try await lora.change("sql", spec: ["loraName": "sql-2"])
        try await lora.adapter("sql", becomes: "Ready under its new name") { $0.phase == "Ready" && $0.id == "sql-2" }
        // The old name goes after the new one is there.
        #expect(try await eventually { try await world.listed() == [["sql-2", base, path]] })
        #expect(try await world.complete("sql-2") == "200 sql-2")
        #expect(try await world.complete("sql") == "404 -")
        world.tell("followed a new path and a new name")
    }

    private func refuse(_ world: ConformanceWorld, _ lora: ConformanceOperator) async throws {
        let base = try await base(of: world)
        let before = try await world.listed()
        // Whoever brings a server of his own may have other adapters.
        let broken = world.subject.isControllable ? Self.broken : Self.broken.filter { $0.key == "nope" }
        for name in broken.keys.sorted() {
            try await lora.apply(name, path: "\(world.server.adapters)/\(name)")
        }
        try await lora.apply(
            "taken", path: "\(world.server.adapters)/beta", spec: ["loraName": .string(base)])
        try await lora.apply(
            "other-base", path: "\(world.server.adapters)/beta", spec: ["baseModelName": "another"])
        for (name, reason) in broken.sorted(by: { $0.key < $1.key }) {
            try await lora.adapter(name, isRefusedFor: reason)
        }
        try await lora.adapter("taken", isRefusedFor: "NameCollidesWithBaseModel")
        try await lora.adapter("other-base", isRefusedFor: "BaseModelMismatch")

        #expect(try await world.listed() == before)
        #expect(try await world.ask(.get, "/health").status == 200)
        for name in broken.keys.sorted() + ["taken", "other-base"] {
            try await lora.delete(name)
            try await lora.adapterGoes(name)
        }
        world.tell("told \(broken.count + 2) adapters that cannot be loaded apart")
    }

    private func repair(_ world: ConformanceWorld, _ lora: ConformanceOperator) async throws {
        let wanted = try await world.listed()
        #expect(try await world.unload("sql-2") == 200)
        #expect(try await eventually { try await world.listed() == wanted })
        world.tell("repaired what somebody else unloaded")

        let (theirs, ours) = ("\(world.server.adapters)/alpha", "\(world.server.adapters)/beta")
        #expect(try await world.load("other", theirs) == 200)
        try await lora.apply("other", path: ours)
        try await lora.adapter("other", becomes: "a conflict") {
            $0.phase == "Conflict" && $0.condition("Ready") == "False ForeignAdapter"
        }
        #expect(try await world.listed().contains { $0.first == "other" && $0.last == theirs })
        #expect(try await world.unload("other") == 200)
        try await lora.adapterIsReady("other", root: ours)
        try await lora.delete("other")
        try await lora.adapterGoes("other")
        world.tell("left alone what somebody else loaded, and took over when it was gone")
    }

    private func restart(_ world: ConformanceWorld, _ lora: ConformanceOperator) async throws {
        let held = try await world.listed()
        await world.server.stop()
        try await lora.adapter("sql", becomes: "Unreachable, and knows what it knew") {
            $0.phase == "Unreachable" && $0.condition("Unreachable") == "True ConnectionRefused"
                && [$0.card] == held
        }
        try await world.server.start()
        try await lora.adapter("sql", becomes: "Ready after a restart") { $0.phase == "Ready" && $0.ready == "1/1" }
        #expect(try await world.listed() == held)
        #expect(try await world.complete("sql-2") == "200 sql-2")
        world.tell("restarted, which forgets every adapter, and loaded again")
    }

    private func loseEngine(_ world: ConformanceWorld, _ lora: ConformanceOperator) async throws {
        let held = try await world.listed()
        try await world.server.killEngine()
        // While the API process is still there and lists what it held.
        try await lora.adapter("sql", becomes: "Unreachable for its engine") {
            $0.condition("Unreachable") == "True EngineUnhealthy" && [$0.card] == held
        }
        #expect(try await world.server.exitCode() == 0)
        try await lora.adapter("sql", becomes: "Unreachable for its process") {
            $0.condition("Unreachable") == "True ConnectionRefused" && [$0.card] == held
        }
        try await world.server.start()
        try await lora.adapter("sql", becomes: "Ready with another engine") { $0.phase == "Ready" && $0.ready == "1/1" }
        #expect(try await world.listed() == held)
        #expect(try await world.complete("sql-2") == "200 sql-2")
        world.tell("its engine killed, which ends it with exit code 0; started again, and loaded again")
    }

    private func delete(_ world: ConformanceWorld, _ lora: ConformanceOperator) async throws {
        try await lora.delete("sql")
        try await lora.adapterGoes("sql")
        #expect(try await world.listed() == [])
        #expect(try await world.complete("sql-2") == "404 -")
        world.tell("deleted, unloaded, and not served any more")
    }

    private func base(of world: ConformanceWorld) async throws -> String {
        let cards = try await world.ask(.get, "/v1/models").json?["data"]?.arrayValue
        return try #require(cards?.first { $0["parent"]?.isNull == true }?["id"]?.stringValue)
    }
}
