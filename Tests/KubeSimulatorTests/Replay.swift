import DynamicJSON
import Effects
import FoundationEssentials
import KubeSimulator
import Testing

/// Sends recorded requests with the names that this run gave (uids, resourceVersions, continue tokens), and compares
/// answers without what must differ.
struct Replay {
    /// Recorded resourceVersions and uids, and what they are in this run.
    private var names: [String: String] = [:]
    private(set) var checked = 0

    func request(_ recording: Recording) -> HTTPRequest {
        var target = recording.target
        for parameter in ["resourceVersion=", "continue="] {
            guard let start = target.firstRange(of: parameter)?.upperBound else { continue }
            let value = target[start...].prefix { $0 != "&" }
            if let mine = names[String(value)] { target.replaceSubrange(start..<value.endIndex, with: mine) }
        }
        var body = recording.body
        if let value = try? JSONDecoder().decode(JSONValue.self, from: Data(body.utf8)) {
            body = String(decoding: renamed(value).encoded, as: UTF8.self)
        }
        return HTTPRequest(
            recording.method, target, headers: recording.headers, body: body.isEmpty ? nil : Array(body.utf8))
    }

    private func renamed(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            var result = members.mapValues(renamed)
            for name in ["resourceVersion", "uid"] {
                if let text = members[name]?.stringValue, let mine = names[text] { result[name] = .string(mine) }
            }
            return .object(result)
        case .array(let elements): return .array(elements.map(renamed))
        default: return value
        }
    }

    mutating func check(_ recording: Recording, _ response: HTTPResponse) async throws {
        checked += 1
        var bytes: [UInt8] = []
        for try await chunk in response.body { bytes += chunk }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(response.head.status == recording.status, "\(recording.name): \(text)")
        for name in ["Content-Type", "Retry-After", "Warning"] {
            let wanted = recording.responseHeaders.first(named: name)
            #expect(response.head[name] == wanted, "\(recording.name): \(name)")
        }
        let (expected, found) = (Self.values(recording.responseBody), Self.values(text))
        let isWatch = recording.target.contains("watch=true")
        let (left, right) = (
            isWatch ? Self.withoutRepeats(expected) : expected, isWatch ? Self.withoutRepeats(found) : found
        )
        #expect(left.count == right.count, "\(recording.name): \(text)")
        for (wanted, value) in zip(left, right) { compare(wanted, value, recording.name, "") }
    }

    private static func values(_ text: String) -> [JSONValue] {
        if let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) { return [value] }
        let lines = text.split(separator: "\n")
        return lines.map { (try? JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))) ?? .string(String($0)) }
    }

    /// The real server sent the bookmark before its close twice.
    private static func withoutRepeats(_ values: [JSONValue]) -> [JSONValue] {
        values.enumerated().filter { $0.offset == 0 || values[$0.offset - 1] != $0.element }.map(\.element)
    }

    private static let times: Set<String> = ["creationTimestamp", "time", "deletionTimestamp", "lastTransitionTime"]
    private static let otherwise: [String: Set<String>] = [
        // What build it is.
        "001-version": ["gitVersion", "gitCommit", "gitTreeState", "goVersion", "compiler"],
        "002-api": ["serverAddressByClientCIDRs"],
        "007-group-discovery": ["storageVersionHash"],
        // Go walks its maps in any order.
        "026j-refused-two-faults": ["message"],
        // Which addresses Services get.
        "110-service-create": ["clusterIP", "clusterIPs"],
        // The real server's entry for its own controller, and its own form of the schema.
        "127-crd-condition": ["managedFields", "generation", "schema"],
    ]

    private mutating func compare(_ wanted: JSONValue?, _ found: JSONValue?, _ recording: String, _ path: String) {
        switch (wanted, found) {
        case (.object(let wanted)?, .object(let found)?):
            for name in Set(wanted.keys).union(found.keys).sorted() {
                if Self.otherwise[recording]?.contains(name) == true { continue }
                if Self.times.contains(name), wanted[name]?.stringValue != nil, found[name]?.stringValue != nil {
                    continue
                }
                if name == "uid" || name == "resourceVersion" || name == "continue" {
                    compareName(name, wanted[name], found[name], isList: wanted["uid"] == nil, recording, path)
                } else {
                    compare(wanted[name], found[name], recording, path.isEmpty ? name : "\(path).\(name)")
                }
            }
        case (.array(var wanted)?, .array(var found)?):
            if path.hasSuffix("causes") {
                wanted.sort { $0.text < $1.text }
                found.sort { $0.text < $1.text }
            }
            #expect(wanted.count == found.count, "\(recording): \(path): \(found)")
            for (index, pair) in zip(wanted, found).enumerated() {
                compare(pair.0, pair.1, recording, "\(path)[\(index)]")
            }
        case (.string(let wanted)?, .string(let found)?):
            #expect(Self.neutral(wanted) == Self.neutral(found), "\(recording): \(path)")
        default: #expect(wanted == found, "\(recording): \(path)")
        }
    }

    /// Versions and uids are other ones, but the same for the same thing throughout.
    private mutating func compareName(
        _ name: String, _ wanted: JSONValue?, _ found: JSONValue?, isList: Bool, _ recording: String, _ path: String
    ) {
        guard let wanted = wanted?.stringValue, let found = found?.stringValue else {
            #expect(wanted == found, "\(recording): \(path).\(name)")
            return
        }
        #expect(wanted.isEmpty == found.isEmpty, "\(recording): \(path).\(name)")
        if name == "resourceVersion", isList { return }
        if let known = names[wanted] { #expect(known == found, "\(recording): \(path).\(name)") }
        names[wanted] = found
    }

    /// Without uids, ages and numbers that must differ.
    private static func neutral(_ text: String) -> String {
        text.replacing(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/) { match in
            match.output.allSatisfy { $0 == "0" || $0 == "-" } ? String(match.output) : "<uid>"
        }
        .replacing(/^[0-9]+s$/, with: "<age>").replacing(/current: [0-9]+/, with: "current: <rv>")
        .replacing(/version: 1 \([0-9]+\)/, with: "version: 1 (<rv>)")
    }
}
