import DynamicJSON
import VLLMSimulator

/// A core story of an adapter's life, told to a world in which nothing goes wrong but the operator's own deaths.
struct Story: Sendable {
    var name: String
    var pods = 3
    var tell: @Sendable (Storyteller) async throws -> Void

    static let all: [Story] = [
        Story(name: "loaded") { story in
            try story.create("sql")
        },
        Story(name: "another path, one server after the other") { story in
            try story.create("sql")
            try await story.reaches("sql", "Ready")
            try story.edit("sql") { $0["loraPath"] = "/a/sql-v2" }
        },
        Story(name: "another path in place", pods: 2) { story in
            try story.create("sql") { $0["update"] = ["strategy": "InPlace"] }
            try await story.reaches("sql", "Ready")
            try story.edit("sql") { $0["loraPath"] = "/a/sql-v2" }
        },
        Story(name: "another name", pods: 2) { story in
            try story.create("sql")
            try await story.reaches("sql", "Ready")
            try story.edit("sql") { $0["loraName"] = "law" }
        },
        Story(name: "another name and path while the first load is under way", pods: 2) { story in
            for pod in story.world.pods { pod.server.reconfigure { $0.loadDuration = .seconds(20) } }
            try story.create("sql")
            try await story.until("a load is under way") { $0.pods.contains { $0.server.isLoading("sql") } }
            try story.edit("sql") {
                ($0["loraName"], $0["loraPath"]) = ("law", "/a/law")
            }
        },
        Story(name: "another layout", pods: 2) { story in
            try story.create("sql")
            try await story.reaches("sql", "Ready")
            try story.edit("sql") { ($0["is3dLoraWeight"], $0["loraPath"]) = (true, "/a/sql-3d") }
        },
        Story(name: "deleted") { story in
            try story.create("sql")
            try await story.reaches("sql", "Ready")
            try story.world.deleteAdapter("sql")
        },
        Story(name: "deleted and orphaned", pods: 2) { story in
            try story.create("sql") { $0["deletion"] = ["policy": "Orphan"] }
            try await story.reaches("sql", "Ready")
            try story.world.deleteAdapter("sql")
        },
        Story(name: "changed and deleted at once", pods: 2) { story in
            try story.create("sql")
            try await story.reaches("sql", "Ready")
            try story.edit("sql") { $0["loraPath"] = "/a/sql-v2" }
            try story.world.deleteAdapter("sql")
        },
        Story(name: "deleted and made again", pods: 2) { story in
            try story.create("sql")
            try await story.reaches("sql", "Ready")
            try story.world.deleteAdapter("sql")
            try await story.until("it is gone") { $0.adapter("sql") == nil }
            try story.create("sql") { $0["loraPath"] = "/a/sql-v2" }
        },
        Story(name: "deleted while a server is away", pods: 2) { story in
            try story.create("sql")
            try await story.reaches("sql", "Ready")
            let authority = story.world.pods[0].authority
            story.world.network.changeLink(to: authority) { $0.fault = .refused }
            try story.world.deleteAdapter("sql")
            try await story.passes(.seconds(90))
            story.world.network.changeLink(to: authority) { $0.fault = nil }
        },
        Story(name: "moved to another Service") { story in
            try story.create("sql")
            try await story.reaches("sql", "Ready")
            try story.edit("sql") { $0["target"] = ["service": ["name": "b"]] }
        },
        Story(name: "fewer servers, then more") { story in
            try story.create("sql") { $0["placement"] = ["replicas": 2] }
            try await story.reaches("sql", "Ready")
            try story.edit("sql") { $0["placement"] = ["replicas": 1] }
            try await story.reaches("sql", "Ready")
            try story.edit("sql") { $0["placement"] = nil }
        },
        Story(name: "a container restarts", pods: 2) { story in
            try story.create("sql")
            try await story.reaches("sql", "Ready")
            story.world.restart(story.world.pods[0])
        },
        Story(name: "a pod is replaced, and one more comes", pods: 2) { story in
            try story.create("sql")
            try await story.reaches("sql", "Ready")
            story.world.delete(story.world.pods[0], afterTerminating: .seconds(5))
            try story.world.createPod(services: ["a"])
        },
        Story(name: "somebody unloads it", pods: 2) { story in
            try story.create("sql")
            try await story.reaches("sql", "Ready")
            story.world.unloadOutOfBand(Entry(name: "sql", root: "/a/sql"), on: story.world.pods[0])
        },
        Story(name: "adopted, then deleted", pods: 2) { story in
            for pod in story.world.pods { pod.server.loadOutOfBand(name: "sql", path: "/a/sql") }
            try story.create("sql")
            try await story.reaches("sql", "Ready")
            try story.world.deleteAdapter("sql")
        },
        Story(name: "somebody else's is overwritten", pods: 2) { story in
            story.world.loadOutOfBand(Entry(name: "sql", root: "/else"), on: story.world.pods[0])
            try story.create("sql") { $0["conflictPolicy"] = "Overwrite" }
        },
        Story(name: "somebody else's is left alone", pods: 2) { story in
            story.world.loadOutOfBand(Entry(name: "sql", root: "/else"), on: story.world.pods[0])
            try story.create("sql")
            try await story.until("it is told") { $0.adapter("sql")?.phase == "Degraded" }
            try story.world.deleteAdapter("sql")
        },
        Story(name: "two want a name, and the younger gets it with its own path", pods: 2) { story in
            try await story.createTwins(path: "/a/other")
            try story.world.deleteAdapter("sql")
        },
        Story(name: "two want a name and path, and the younger takes it over", pods: 2) { story in
            try await story.createTwins(path: "/a/sql")
            try story.world.deleteAdapter("sql")
        },
        Story(name: "two swap their names", pods: 2) { story in
            try story.create("sql")
            try story.create("law")
            for name in ["sql", "law"] { try await story.reaches(name, "Ready") }
            try story.edit("sql") { $0["loraName"] = "law" }
            try story.edit("law") { $0["loraName"] = "sql" }
        },
        Story(name: "suspended, changed and resumed", pods: 2) { story in
            try story.create("sql")
            try await story.reaches("sql", "Ready")
            try story.edit("sql") { $0["suspend"] = true }
            try await story.reaches("sql", "Suspended")
            try story.edit("sql") { $0["loraPath"] = "/a/sql-v2" }
            try await story.passes(.seconds(45))
            try story.edit("sql") { $0["suspend"] = false }
        },
        Story(name: "a path that is nowhere, then a good one", pods: 2) { story in
            try story.create("sql") { $0["loraPath"] = "/nowhere" }
            try await story.reaches("sql", "Failed")
            try story.edit("sql") { $0["loraPath"] = "/a/sql" }
        },
        Story(name: "a Service goes and comes back", pods: 2) { story in
            try story.create("sql")
            try await story.reaches("sql", "Ready")
            try story.world.deleteService("a")
            try await story.passes(.seconds(45))
            story.world.restoreService("a")
        },
    ]
}

/// What a story may do: change the world, and wait for what is so.
struct Storyteller: Sendable {
    let world: World

    struct Stuck: Error, CustomStringConvertible {
        var description: String
    }

    func create(_ name: String, _ edit: (inout JSONValue) -> Void = { _ in }) throws {
        var spec: JSONValue = [
            "loraPath": .string("/a/\(name)"), "target": ["service": ["name": "a"]], "loadTimeout": "30s",
            "deletion": ["timeout": "24h"],
        ]
        edit(&spec)
        try world.createAdapter(name, spec: spec)
    }

    /// Two objects that want the name `sql`; the one of that name is older.
    func createTwins(path: String) async throws {
        try create("sql")
        try await passes(.seconds(2))
        try create("twin") { ($0["loraName"], $0["loraPath"]) = ("sql", .string(path)) }
        try await reaches("sql", "Ready")
        try await reaches("twin", "Conflict")
    }

    func edit(_ name: String, _ edit: (inout JSONValue) -> Void) throws { try world.editAdapter(name, edit) }

    /// Waits until the operator says so of the present spec.
    func reaches(_ name: String, _ phase: String) async throws {
        try await until("\(name) is \(phase)") { world in
            guard let adapter = world.adapter(name) else { return false }
            return adapter.phase == phase
                && adapter.object["status", "observedGeneration"]?.intValue == adapter.generation
        }
    }

    func until(_ what: String, _ holds: (World) -> Bool) async throws {
        let end = world.simulation.now + .seconds(1800)
        while !holds(world) {
            guard world.simulation.now < end else { throw Stuck(description: "half an hour went by before \(what)") }
            try await passes(.milliseconds(100))
        }
    }

    func passes(_ time: Duration) async throws { try await world.simulation.sleep(for: time) }
}
