import Effects
import TestSupport
import Testing
import VLLMSimulator

/// Where the versions between 0.8.5 and 0.32.0 differ.
@Suite(.timeLimit(.minutes(10)))
struct VersionTests {
    static let versions = [
        VLLMVersion(0, 8, 5), VLLMVersion(0, 10), VLLMVersion(0, 10, 1), VLLMVersion(0, 15), VLLMVersion(0, 18),
        VLLMVersion(0, 22), VLLMVersion(0, 31), VLLMVersion(0, 32),
    ]

    @Test(arguments: versions)
    func `errors are flat before 0,10,1 and nested since`(version: VLLMVersion) async throws {
        let reply = try await SimulatedServer.make(version).unload("a")

        let fields =
            #""message":"The lora adapter 'a' cannot be found.","type":"NotFoundError","param":null,"code":404"#
        let isNested = version >= VLLMVersion(0, 10, 1)
        #expect(reply.text == (isNested ? "{\"error\":{\(fields)}}" : "{\"object\":\"error\",\(fields)}"))
    }

    @Test(arguments: versions)
    func `a load that fails is 400 before 0,18 and 500 since`(version: VLLMVersion) async throws {
        let server = SimulatedServer.make(version) { $0.files["/bad"] = .rank(64) }

        let reply = try await server.load("a", "/bad")

        #expect(reply.status == (version < VLLMVersion(0, 18) ? 400 : 500))
        #expect(reply.text.contains("LoRA rank 64 is greater than max_lora_rank 16"))
    }

    @Test(arguments: versions)
    func `a load that the engine did not survive is 400 before 0,18 and 500 since`(version: VLLMVersion) async throws {
        let server = SimulatedServer.make(version)
        server.setEngine(alive: false)

        let reply = try await server.load("a", "/a")

        #expect(reply.status == (version < VLLMVersion(0, 18) ? 400 : 500))
        #expect(reply.text.contains("EngineCore encountered an issue"))
    }

    @Test(arguments: versions)
    func `a resolver's directory is looked at since 0,9`(version: VLLMVersion) async throws {
        let server = SimulatedServer.make(version) {
            $0.resolverDirectory = "/cache"
            $0.files["/cache/a"] = .adapter
        }

        #expect(try await server.complete("a").status == (version < VLLMVersion(0, 9) ? 404 : 200))
    }

    @Test(arguments: versions)
    func `load_inplace replaces since 0,15 and is ignored before`(version: VLLMVersion) async throws {
        let server = SimulatedServer.make(version)
        _ = try await server.load("a", "/1")

        let reply = try await server.load("a", "/2", inPlace: true)

        let isKnown = version >= VLLMVersion(0, 15)
        #expect(reply.status == (isKnown ? 200 : 400))
        #expect(try await server.listed().last == (isKnown ? "a=/2" : "a=/1"))
    }

    @Test(arguments: versions)
    func `the name of a base model is refused since 0,31`(version: VLLMVersion) async throws {
        let reply = try await SimulatedServer.make(version).load("base", "/a")

        #expect(reply.status == (version >= VLLMVersion(0, 31) ? 400 : 200))
    }

    @Test(arguments: versions)
    func `an unknown model's answer names the aliases since 0,32`(version: VLLMVersion) async throws {
        let reply = try await SimulatedServer.make(version).complete("a")

        #expect(reply.status == 404)
        #expect(reply.text.contains("Valid aliases: base.") == (version >= VLLMVersion(0, 32)))
    }

    @Test(arguments: versions)
    func `the adapter routes exist since 0,11,1`(version: VLLMVersion) async throws {
        let reply = try await SimulatedServer.make(version).ask(.post, "/adapters", #"{"name":"a","src":"/a"}"#)

        #expect(reply.status == (version >= VLLMVersion(0, 11, 1) ? 200 : 404))
    }

    @Test(arguments: versions)
    func `an unknown is_3d_lora_weight is looked at since 0,22`(version: VLLMVersion) async throws {
        let body = #"{"lora_name":"a","lora_path":"/a","is_3d_lora_weight":"banana"}"#

        let reply = try await SimulatedServer.make(version).ask(.post, "/v1/load_lora_adapter", body)

        #expect(reply.status == (version >= VLLMVersion(0, 22) ? 400 : 200))
    }

    @Test(arguments: versions)
    func `two loads of one name that race list it twice before 0,10`(version: VLLMVersion) async throws {
        let time = ManualTime()
        let server = SimulatedServer.make(version, time: time) { $0.loadDuration = .seconds(1) }

        try await withThrowingTaskGroup { group in
            for _ in 0..<2 { group.addTask { _ = try await server.load("a", "/a") } }
            #expect(try await eventually { time.sleeperCount == 2 })
            time.advance(by: .seconds(1))
            try await group.waitForAll()
        }

        #expect(server.adapters.count == (version < VLLMVersion(0, 10) ? 2 : 1))
        #expect(try await server.unload("a").status == 200)
        #expect(server.adapters.isEmpty)
    }

    @Test func `a version is read and written`() {
        #expect(VLLMVersion("0.10.1") == VLLMVersion(0, 10, 1))
        #expect(VLLMVersion("0.10") == nil)
        #expect(VLLMVersion("0.32.0+cpu") == nil)
        #expect("\(VLLMVersion(0, 8, 5))" == "0.8.5")
    }
}
