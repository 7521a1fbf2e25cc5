import DynamicJSON
import Effects
import TestSupport
import Testing
import VLLMSimulator

/// Servers that were started in other ways.
///
/// One after the other: each real one takes memory and half a minute to start.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct SetupConformanceTests {
    @Test(arguments: Subject.controllable)
    func `an API key is needed and not told, and a resolver plugin undoes an unload`(subject: Subject) async throws {
        let key = "key-4711"
        try await ConformanceWorld.run(subject, VLLMSetup(apiKey: key, hasResolver: true)) { world in
            for wrong in [nil, "key-4712"] { try await isUnauthorized(world, wrong) }
            #expect(try await world.listed(apiKey: key) == [])
            #expect(try await world.complete("tiny") == "401 -")
            try await world.withOperator(apiKey: key) { lora in
                try await useKey(world, lora, key)
                if subject.hasResolver { try await resolve(world, lora, key) }
            }
            try await findOpenDoors(world)
        }
    }

    private func isUnauthorized(_ world: ConformanceWorld, _ key: String?) async throws {
        try await world.withOperator(apiKey: key) { lora in
            try await lora.apply("sql", path: "\(world.server.adapters)/alpha")
            try await lora.adapter("sql", becomes: "Unauthorized") {
                $0.phase == "Unreachable" && $0.condition("Unreachable") == "True Unauthorized"
            }
        }
        world.tell("\(key == nil ? "no" : "a wrong") API key: Unauthorized")
    }

    private func useKey(_ world: ConformanceWorld, _ lora: ConformanceOperator, _ key: String) async throws {
        let path = "\(world.server.adapters)/alpha"
        try await lora.apply("sql", path: path)
        let adapter = try await lora.adapterIsReady("sql", root: path)
        #expect(try await world.complete("sql", apiKey: key) == "200 sql")
        #expect(!adapter.description.contains(key) && !lora.process.output.contains(key))
        try await lora.delete("sql")
        try await lora.adapterGoes("sql")
        #expect(try await world.listed(apiKey: key) == [])
        world.tell("the right API key: loaded, served, deleted")
    }

    private func resolve(_ world: ConformanceWorld, _ lora: ConformanceOperator, _ key: String) async throws {
        let path = "\(world.server.resolverDirectory)/found"
        let found = [["found", "tiny", path]]
        try await lora.apply("found", path: path, spec: ["loading": "OnDemand"])
        try await lora.adapter("found", becomes: "Ready without a load") {
            $0.phase == "Ready" && $0.condition("Ready") == "True OnDemand" && $0.root == nil
        }
        #expect(try await world.listed(apiKey: key) == [])
        #expect(try await world.complete("found", apiKey: key) == "200 found")
        #expect(try await world.listed(apiKey: key) == found)
        try await lora.adapterIsReady("found", root: path)

        // An object that would load it itself finds it there.
        try await lora.change("found", spec: ["loading": "Eager"])
        try await lora.adapterIsReady("found", root: path)

        try await lora.delete("found")
        try await lora.adapterGoes("found")
        #expect(try await world.listed(apiKey: key) == [])
        #expect(try await world.complete("found", apiKey: key) == "200 found")
        #expect(try await world.listed(apiKey: key) == found)
        world.tell("a resolver plugin: loaded by a request, unloaded on deletion, brought back by the next request")
    }

    /// What a key does not guard, and a NetworkPolicy has to.
    private func findOpenDoors(_ world: ConformanceWorld) async throws {
        let adapter: JSONValue = ["name": "anybody", "src": .string("\(world.server.adapters)/beta")]
        let loaded = try await world.ask(.post, "/adapters", adapter).status
        #expect(loaded == (world.subject.hasAdapterRoutes ? 200 : 404))
        let prompt: JSONValue = ["model": "tiny", "prompt": "hello", "max_tokens": 1]
        #expect(try await world.ask(.post, "/invocations", prompt).status == 200)
        world.tell("POST /adapters and /invocations are open without the key")
    }

    @Test(arguments: Subject.controllable)
    func `a server without runtime updating is told as such`(subject: Subject) async throws {
        try await ConformanceWorld.run(subject, VLLMSetup(allowsRuntimeUpdates: false)) { world in
            try await refused(world, for: "RuntimeUpdatingDisabled")
        }
    }

    @Test(arguments: Subject.controllable)
    func `a server without LoRA is told as such`(subject: Subject) async throws {
        try await ConformanceWorld.run(subject, VLLMSetup(enablesLoRA: false)) { world in
            try await refused(world, for: "LoRADisabled")
        }
    }

    private func refused(_ world: ConformanceWorld, for reason: String) async throws {
        try await world.withOperator { lora in
            try await lora.apply("sql", path: "\(world.server.adapters)/alpha")
            try await lora.adapter("sql", isRefusedFor: reason)
            #expect(try await world.ask(.get, "/health").status == 200)
            try await lora.delete("sql")
            try await lora.adapterGoes("sql")
        }
        world.tell("\(reason) is told, and nothing waits for it on deletion")
    }
}
