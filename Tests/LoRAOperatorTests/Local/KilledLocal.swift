import CurlHTTP
import DynamicJSON
import Foundation
import KubeAPI
import TestSupport
import Testing

/// A user of `local --state` whose process is killed again and again: remembers what the API acknowledged.
struct KilledLocal {
    /// Arguments and directory of the process.
    var arguments: [String]
    var directory: String
    var random: SeededGenerator

    /// The path of each adapter as last acknowledged; nil where its deletion was.
    private(set) var acknowledged: [String: String?] = [:]
    /// What was asked when the process died, which may or may not have happened.
    private var asked: (name: String, path: String?)?
    private var resourceVersion: UInt64 = 0
    private(set) var writes = 0
    /// How long a process needs on this machine to be asked something.
    private(set) var startTime = Duration.milliseconds(100)
    /// Between two changes.
    var pause = Duration.milliseconds(3)
    /// The longest life, in times of that.
    var span = 2.5
    /// Processes that lived long enough to be asked something.
    private(set) var answered = 0

    private var kubeconfig: String { "\(directory)/kubeconfig" }

    init(arguments: [String], directory: String, seed: UInt64) {
        self.arguments = arguments + ["--write-kubeconfig", "\(directory)/kubeconfig"]
        self.directory = directory
        random = SeededGenerator(state: seed)
    }

    /// One life of the process, killed after some time: looks whether all is there, and changes things meanwhile.
    mutating func liveAndDie() async throws {
        try? FileManager.default.removeItem(atPath: kubeconfig)
        let process = try start()
        let life = startTime * Double.random(in: 0..<span, using: &random)
        async let death: Void = {
            try await Task.sleep(for: life)
            process.kill()
        }()
        do {
            let api = try await connect(to: process)
            try await lookAndChange(api)
        } catch is Died {
            // As it has to.
        } catch {
            process.kill()
            throw error
        }
        try await death
        _ = try await process.exit(within: .seconds(10))
    }

    private struct Died: Error {}

    private func start() throws -> ServerProcess {
        try ServerProcess(
            try #require(OperatorProcess.path), log: "\(directory)/output.log", arguments,
            environment: ["HOME": directory, "PATH": "/usr/bin:/bin"], directory: directory)
    }

    private func connect(to process: ServerProcess) async throws -> ObjectAPI {
        while !FileManager.default.fileExists(atPath: kubeconfig) {
            if process.wasKilled { throw Died() }
            try #require(process.isRunning, "\(process.output)")
            try await Task.sleep(for: .milliseconds(3))
        }
        let configuration = try KubeConfiguration.load(kubeconfig: kubeconfig, environment: [:])
        return ObjectAPI(configuration: configuration, http: Self.http)
    }

    private static let http = CurlTransport()

    private mutating func lookAndChange(_ api: ObjectAPI) async throws {
        do {
            try check(try await send { try await api.list("loraadapters") })
            answered += 1
            while true {
                try await change(api)
                // The machine has other tests to run.
                try await Task.sleep(for: pause)
            }
        } catch is HTTPFailureSeen {
            throw Died()
        }
    }

    /// Every acknowledged change is there, and of the one that was on its way all or nothing.
    private mutating func check(_ found: [JSONValue]) throws {
        let objects = Dictionary(
            uniqueKeysWithValues: found.map { ($0["metadata", "name"]?.stringValue ?? "", $0) })
        for name in Set(acknowledged.keys).union(objects.keys).sorted() {
            let object = objects[name].flatMap { $0["metadata", "deletionTimestamp"] == nil ? $0 : nil }
            let path = object?["spec", "loraPath"]?.stringValue
            var possible = [acknowledged[name] ?? nil]
            if let asked, asked.name == name { possible.append(asked.path) }
            #expect(possible.contains(path), "\(name): \(path ?? "gone"), not \(possible)")
            acknowledged[name] = path
        }
        asked = nil
        for object in found {
            let version = object["metadata", "resourceVersion"]?.stringValue.flatMap { UInt64($0) } ?? 0
            resourceVersion = max(resourceVersion, version)
        }
    }

    private mutating func change(_ api: ObjectAPI) async throws {
        let name = "a\(Int.random(in: 0..<6, using: &random))"
        let exists = (acknowledged[name] ?? nil) != nil
        if exists, random.oneIn(4) {
            asked = (name, nil)
            try await send { try await api.delete("loraadapters", name) }
            acknowledged[name] = .some(nil)
        } else {
            writes += 1
            let path = "/adapters/\(name)-\(writes)"
            asked = (name, path)
            do {
                let object = try await send {
                    try await api.apply("loraadapters", Adapter.manifest(name, path: path))
                }
                // One that is still terminating takes the change, and goes nevertheless.
                let isTerminating = object["metadata", "deletionTimestamp"] != nil
                acknowledged[name] = .some(isTerminating ? nil : path)
                let version = object["metadata", "resourceVersion"]?.stringValue.flatMap { UInt64($0) } ?? 0
                #expect(version > resourceVersion || isTerminating, "resourceVersions never go back")
                resourceVersion = max(resourceVersion, version)
            } catch is ObjectAPI.Refusal {
                // The object was terminating.
            }
        }
        asked = nil
    }

    private struct HTTPFailureSeen: Error {}

    @discardableResult
    private func send<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let refusal as ObjectAPI.Refusal {
            throw refusal
        } catch {
            throw HTTPFailureSeen()
        }
    }

    /// A first life, which tells how long others have to be.
    mutating func begin() async throws {
        let began = ContinuousClock.now
        var ready = began
        try await live { _, _ in ready = .now }
        startTime = ready - began
    }

    /// A last life, to its orderly end: `body` gets the API and what should be there.
    mutating func live(_ body: (ObjectAPI, [String: String]) async throws -> Void) async throws {
        try? FileManager.default.removeItem(atPath: kubeconfig)
        let process = try start()
        do {
            let api = try await connect(to: process)
            try check(try await api.list("loraadapters"))
            try await body(api, acknowledged.compactMapValues { $0 })
        } catch {
            await process.stop()
            throw error
        }
        await process.stop()
    }
}
