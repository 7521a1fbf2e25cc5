import DynamicJSON
import TestSupport
import Testing
import VLLMSimulator

/// What the tests ask of a cluster.
extension Cluster {
    @discardableResult
    func apply(_ name: String = "sql", path: String = "/adapters/sql-v1", spec: JSONValue = [:]) async throws -> Adapter
    {
        Adapter(json: try await api.apply("loraadapters", Adapter.manifest(name, path: path, spec: spec)))
    }

    /// Merges into the spec.
    func change(_ name: String = "sql", spec: JSONValue) async throws {
        try await api.patch("loraadapters", name, ["spec": spec])
    }

    func delete(_ name: String = "sql") async throws { try await api.delete("loraadapters", name) }

    func adapter(_ name: String = "sql") async throws -> Adapter? {
        try await api.get("loraadapters", name).map(Adapter.init(json:))
    }

    /// Waits until status is about the newest spec and `condition` holds, and returns the object.
    @discardableResult
    func adapter(
        _ name: String = "sql", becomes what: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation,
        _ condition: (Adapter) -> Bool
    ) async throws -> Adapter {
        var last: Adapter?
        let isDone = try await eventually {
            last = try await adapter(name)
            return last.map { $0.isObserved && condition($0) } ?? false
        }
        let held = servers.map { "\($0.name) \($0.holds)" }.joined(separator: ", ")
        try #require(
            isDone, "\(what.map { "\($0): " } ?? "")\(last?.description ?? "no object"); servers: \(held)",
            sourceLocation: sourceLocation)
        return try #require(last)
    }

    @discardableResult
    func adapter(
        _ name: String = "sql", reaches phase: String, _ ready: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Adapter {
        try await adapter(name, becomes: "\(phase) \(ready ?? "")", sourceLocation: sourceLocation) {
            $0.phase == phase && (ready == nil || $0.ready == ready)
        }
    }

    func adapterGoes(_ name: String = "sql", sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let isGone = try await eventually { try await adapter(name) == nil }
        let rest = try await adapter(name)
        try #require(isGone, "still there: \(rest?.description ?? "")", sourceLocation: sourceLocation)
    }

    /// Waits until each of these servers, or of all, holds exactly `entries`.
    func servers(
        _ members: [ModelServer]? = nil, hold entries: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let members = members ?? servers
        let isDone = try await eventually { members.allSatisfy { $0.holds == entries } }
        let held = members.map { "\($0.name) \($0.holds)" }.joined(separator: ", ")
        try #require(isDone, "they hold: \(held)", sourceLocation: sourceLocation)
    }

    /// Waits until every server was looked at so many times more.
    func probes(
        _ count: Int, of members: [ModelServer]? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let members = members ?? servers
        let goals = members.map { ($0.vllm, $0.vllm.requestCount(.models) + count) }
        let isDone = try await eventually { goals.allSatisfy { $0.requestCount(.models) >= $1 } }
        try #require(isDone, "the probes ended", sourceLocation: sourceLocation)
    }
}
